/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/report/search_file.h"
#include "sim/base/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SEARCH_MOST = 1 << 28 };

static bool is_search(const cJSON *json)
{
    return cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(json, "trials")) &&
           cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(json, "brackets")) &&
           cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "objective")) &&
           cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "status"));
}

int search_file_read(const char *path, cJSON **json, struct err *err)
{
    struct stat info;
    char *bytes = NULL;
    size_t length = 0;
    bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    char *file = folder ? file_join(path, "search.json") : file_join("", path);
    *json = NULL;
    int rc = file == NULL ? err_set(err, ERR_MEMORY, "%s: out of memory", path) : ERR_OK;
    if (rc == ERR_OK && folder && !file_exists(file))
        rc = err_set(err, ERR_DATA,
                     "%s: holds no search.json, which a configuration with a \"search\" leaves", path);
    if (rc == ERR_OK)
        rc = file_read(folder ? file : path, SEARCH_MOST, &bytes, &length, err);
    if (rc == ERR_OK)
        *json = cJSON_ParseWithLengthOpts(bytes, length + 1, NULL, true);
    if (rc == ERR_OK && !is_search(*json)) {
        cJSON_Delete(*json);
        *json = NULL;
        rc = err_set(err, ERR_DATA, "%s: is no result of a search", folder ? file : path);
    }
    free(bytes);
    free(file);
    return rc;
}
