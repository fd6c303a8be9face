/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/app/catalogue.h"
#include "aggregators/registry.h"
#include "attacks/registry.h"
#include "sim/app/tables.h"
#include "sim/core/schedule.h"
#include "sim/data/dataset.h"
#include "sim/data/partition.h"
#include "sim/model/model.h"

const struct catalogue_entry catalogue[] = {
    {&aggregator_family, NULL, 0},
    {&preaggregator_family, NULL, 0},
    {&attack_family, tables_attack_axes, 5},
    {&model_family, model_common_params, 2},
    {&dataset_family, NULL, 0},
    {&partition_family, NULL, 0},
    {&schedule_family, NULL, 0},
    {NULL, NULL, 0},
};
