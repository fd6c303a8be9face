/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/plot/script.h"

#include <stdio.h>
#include <string.h>

/* Pixels around and between panels. */
enum {
    LEFT = 76,
    RIGHT = 18,
    TOP = 40,
    PANEL_TOP = 22,
    BOTTOM = 60,
    NOTE = 20,
    GAP = 34,
    TICKS = 34,
    PANEL_LEAST = 60,
    LETTER = 8
};

static const char *const palette[SCRIPT_COLOURS] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                    "#56B4E9", "#E69F00", "#000000", "#8C6BB1"};

static const char *const class_palette[] = {"#332288", "#88CCEE", "#44AA99", "#117733", "#999933",
                                            "#DDCC77", "#CC6677", "#882255", "#AA4499", "#BBBBBB"};

/* Stops of the viridis colour map. */
static const unsigned char viridis[][3] = {
    {68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};

void script_quote(struct text *out, const char *words)
{
    size_t length = strlen(words);
    text_add(out, "'");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)words[i];
        if (c == '\'')
            text_add(out, "\xE2\x80\x99"); /* an apostrophe: gnuplot misreads doubled quotes at the start */
        else if (c == '`')
            text_add(out, "\xCB\x8B"); /* a grave accent: gnuplot gives the other one to a shell in places */
        else if (c < ' ' || c == 127)
            text_add(out, " ");
        else if (c < 0x80)
            text_append(out, words + i, 1);
        else {
            size_t step = 1;
            while (step < 4 && ((unsigned char)words[i + step] & 0xC0) == 0x80)
                step++;
            bool valid = text_utf8_valid(words + i, step) == step;
            text_append(out, valid ? words + i : "?", valid ? step : 1);
            i += step - 1;
        }
    }
    text_add(out, "'");
}

static bool begins_letter(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

void script_quote_short(struct text *out, const char *words, size_t most)
{
    struct text cut = {0};
    size_t letters = 0, i = 0;
    for (; words[i] != '\0' && (letters < most || !begins_letter(words[i])); i++)
        letters += begins_letter(words[i]);
    text_append(&cut, words, i);
    if (words[i] != '\0')
        text_add(&cut, "…");
    script_quote(out, text_string(&cut));
    text_fini(&cut);
}

const char *script_colour(size_t series)
{
    return palette[series % SCRIPT_COLOURS];
}

size_t script_dash(size_t series)
{
    return 1 + series / SCRIPT_COLOURS % SCRIPT_DASHES;
}

void script_class_colour(size_t c, size_t count, char out[8])
{
    enum {
        STOPS = sizeof viridis / sizeof viridis[0],
        PLAIN = sizeof class_palette / sizeof class_palette[0]
    };
    if (count <= PLAIN) {
        snprintf(out, 8, "%s", class_palette[c]);
        return;
    }
    double at = (double)c / (double)(count - 1) * (STOPS - 1);
    size_t stop = at >= STOPS - 1 ? STOPS - 2 : (size_t)at;
    unsigned mixed[3];
    for (size_t k = 0; k < 3; k++)
        mixed[k] =
            (unsigned)(viridis[stop][k] + (at - (double)stop) * (viridis[stop + 1][k] - viridis[stop][k]));
    snprintf(out, 8, "#%02X%02X%02X", mixed[0] & 255, mixed[1] & 255, mixed[2] & 255);
}

static size_t below(const struct script_layout *layout)
{
    return layout->bottom > 0 ? layout->bottom : BOTTOM;
}

/* Room between two rows of panels. */
static size_t row_gap(const struct script_layout *layout)
{
    return PANEL_TOP + (layout->row_labels ? below(layout) : TICKS);
}

static void choose_grid(struct script_layout *layout)
{
    layout->panels = layout->panels < 1 ? 1 : layout->panels;
    layout->columns = 1;
    while (layout->columns < 4 && layout->columns * layout->columns < layout->panels)
        layout->columns++;
    if (layout->panels == 3)
        layout->columns = 3;
    layout->rows = (layout->panels + layout->columns - 1) / layout->columns;
}

int script_arrange(struct script_layout *layout, struct err *err)
{
    choose_grid(layout);
    size_t across = LEFT + RIGHT + layout->legend_width + (layout->columns - 1) * GAP;
    size_t down = TOP + PANEL_TOP + below(layout) + NOTE + (layout->rows - 1) * row_gap(layout);
    size_t least_width = across + PANEL_LEAST * layout->columns,
           least_height = down + PANEL_LEAST * layout->rows;
    if (layout->width > 0 && (layout->width < least_width || layout->height < least_height))
        return err_set(err, ERR_CONFIG, "%zux%zu is too small for this plot; it needs at least %zux%zu",
                       layout->width, layout->height, least_width, least_height);
    if (layout->panel_width == 0)
        layout->panel_width = layout->panels == 1 ? 560 : 300;
    if (layout->panel_height == 0)
        layout->panel_height = layout->panels == 1 ? 340 : 210;
    if (layout->width > 0) {
        layout->panel_width = (layout->width - across) / layout->columns;
        layout->panel_height = (layout->height - down) / layout->rows;
        return ERR_OK;
    }
    layout->width = across + layout->columns * layout->panel_width;
    layout->height = down + layout->rows * layout->panel_height;
    return ERR_OK;
}

static size_t letters_of(const char *words)
{
    size_t letters = 0;
    for (const char *c = words; *c != '\0'; c++)
        letters += begins_letter(*c);
    return letters < SCRIPT_LABEL_MOST ? letters : SCRIPT_LABEL_MOST;
}

size_t script_legend_width(char *const *labels, size_t count, const char *heading)
{
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t letters = letters_of(labels[i]);
        longest = letters > longest ? letters : longest;
    }
    size_t entries = 56 + LETTER * longest, above = 16 + LETTER * letters_of(heading);
    return count <= 1 ? 0 : entries > above ? entries : above;
}

void script_font(struct text *out, const struct script_layout *layout, double points)
{
    text_printf(out, " font ',%.4g'", strcmp(layout->format, "svg") == 0 ? points * 96 / 72 : points);
}

static void open_terminal(struct text *out, const struct script_layout *layout)
{
    if (strcmp(layout->format, "png") == 0)
        text_printf(out,
                    "set terminal pngcairo noenhanced size %zu,%zu font 'Sans,9.5' fontscale 2 linewidth 2 "
                    "pointscale 2 background '#FFFFFF'\n",
                    2 * layout->width, 2 * layout->height);
    else if (strcmp(layout->format, "pdf") == 0)
        text_printf(
            out,
            "set terminal pdfcairo noenhanced size %.3fin,%.3fin font 'Sans,9.5' linewidth 1 background "
            "'#FFFFFF'\n",
            (double)layout->width / 96, (double)layout->height / 96);
    else
        text_printf(
            out,
            "set terminal svg noenhanced dynamic size %zu,%zu font 'Sans,12.7' linewidth 1 background "
            "'#FFFFFF'\n",
            layout->width, layout->height);
}

enum { TITLE = 1, BELOW, PANEL, X_AXIS, Y_AXIS }; /* numbers of labels */

/* A label at a place in pixels from the left and the bottom. `how`: its alignment and rotation. */
static void put_label(struct text *out, const struct script_layout *layout, int number, const char *words,
                      double x, double y, const char *how, double points)
{
    text_printf(out, "set label %d ", number);
    script_quote(out, words);
    text_printf(out, " at screen %.5f,%.5f %s", x / (double)layout->width, y / (double)layout->height, how);
    script_font(out, layout, points);
    text_add(out, "\n");
}

void script_open(struct text *out, const struct script_layout *layout, const char *title, const char *note)
{
    text_add(out, "set encoding utf8\n");
    open_terminal(out, layout);
    text_add(out,
             "set border 3 linecolor rgb '#444444'\nset tics nomirror out scale 0.6 textcolor rgb '#222222'\n"
             "set grid ytics back linetype 1 linecolor rgb '#DDDDDD' linewidth 0.8\n"
             "set style fill solid 1 noborder\nunset key\n");
    put_label(out, layout, TITLE, title, LEFT, (double)layout->height - 18, "left", 12);
    put_label(out, layout, BELOW, note, LEFT, 12, "left textcolor rgb '#555555'", 8.5);
    text_add(out, "set multiplot\n");
}

void script_panel(struct text *out, const struct script_layout *layout, size_t i, const char *title)
{
    double width = (double)layout->width, height = (double)layout->height;
    size_t column = i % layout->columns, row = i / layout->columns;
    double left = (double)(LEFT + column * (layout->panel_width + GAP));
    double top = (double)(TOP + PANEL_TOP + row * (layout->panel_height + row_gap(layout)));
    text_printf(
        out,
        "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset tmargin at screen %.5f\nset bmargin at "
        "screen %.5f\n",
        left / width, (left + (double)layout->panel_width) / width, 1 - top / height,
        1 - (top + (double)layout->panel_height) / height);
    put_label(out, layout, PANEL, layout->panels > 1 ? title : "", left, height - top + 11, "left", 10);
    text_printf(out, "set format y '%s'\n", column == 0 ? "%g" : "");
    if (i > 0)
        text_add(out, "unset label 1\nunset label 2\nunset label 4\nunset label 5\n");
}

void script_labels(struct text *out, const struct script_layout *layout, const char *x, const char *y)
{
    double width = (double)layout->width, height = (double)layout->height;
    double middle = (LEFT + (width - RIGHT - (double)layout->legend_width)) / 2;
    double centre = (TOP + PANEL_TOP + (height - NOTE - (double)below(layout))) / 2;
    put_label(out, layout, X_AXIS, x, middle, NOTE + 14, "center", 10.5);
    put_label(out, layout, Y_AXIS, y, 18, height - centre, "center rotate by 90", 10.5);
}

void script_legend(struct text *out, const struct script_layout *layout, const char *heading,
                   const char *entries)
{
    double width = (double)layout->width, height = (double)layout->height;
    if (layout->legend_width == 0)
        return;
    text_printf(
        out,
        "unset for [i=1:5] label i\nunset border\nunset tics\nunset grid\nunset arrow\nunset object\nunset "
        "logscale\n"
        "set xrange [0:1]\nset yrange [0:1]\nset lmargin at screen 0\nset rmargin at screen 1\n"
        "set tmargin at screen 1\nset bmargin at screen 0\n"
        "set key at screen %.5f,%.5f left top Left reverse samplen 1.6 spacing 1.15 maxrows 0\n",
        (width - (double)layout->legend_width + 4) / width, 1 - (TOP + PANEL_TOP - 8) / height);
    if (heading[0] != '\0') {
        text_add(out, "set key title ");
        script_quote_short(out, heading, SCRIPT_LABEL_MOST);
        text_add(out, " left\n");
    }
    text_printf(out, "plot %s\n", entries);
}
