/*
 * The smallest JSON reader that will do for a description file written by a test. Everything that is looked up
 * may be absent: NULL goes in, NULL, 0 or "" comes out. Memory is never given back; the process is short-lived.
 */

#ifndef JSON_H
#define JSON_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Json {
    enum { JSON_NULL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT } kind;
    double number; /* also 1 for true and 0 for false */
    char *text;
    char *key;          /* the name of this value in its object */
    struct Json *first; /* the members of a list or an object */
    struct Json *next;  /* the sibling */
} Json;

static Json *json_value(const char **at);

static void json_blanks(const char **at) {
    while (isspace((unsigned char)**at)) (*at)++;
}

/* A description that cannot be read is a broken test: say so and stop. */
static void json_fail(const char *at) {
    fprintf(stderr, "nvml stub: not JSON: %.20s\n", at);
    _Exit(78);
}

static char *json_string(const char **at) {
    char *text = malloc(strlen(*at) * 3 + 1), *out = text;
    for ((*at)++; **at && **at != '"'; (*at)++) {
        if (**at != '\\') { *out++ = **at; continue; }
        (*at)++;
        const char *escapes = "n\nt\tr\rb\bf\f", *escape = strchr(escapes, **at);
        unsigned code;
        if (**at == 'u' && sscanf(*at + 1, "%4x", &code) == 1) {
            if (code >= 0x800) { *out++ = (char)(0xE0 | code >> 12); *out++ = (char)(0x80 | (code >> 6 & 0x3F)); }
            else if (code >= 0x80) *out++ = (char)(0xC0 | code >> 6);
            *out++ = (char)(code >= 0x80 ? 0x80 | (code & 0x3F) : code);
            *at += 4;
        } else {
            *out++ = escape && (escape - escapes) % 2 == 0 ? escape[1] : **at;
        }
    }
    if (**at != '"') json_fail(*at);
    (*at)++;
    *out = 0;
    return text;
}

static void json_members(const char **at, Json *parent, char close) {
    Json **end = &parent->first;
    (*at)++;
    for (json_blanks(at); **at != close; json_blanks(at)) {
        char *key = NULL;
        if (parent->kind == JSON_OBJECT) {
            if (**at != '"') json_fail(*at);
            key = json_string(at);
            json_blanks(at);
            if (*(*at)++ != ':') json_fail(*at);
        }
        *end = json_value(at);
        (*end)->key = key;
        end = &(*end)->next;
        json_blanks(at);
        if (**at == ',') (*at)++;
        else if (**at != close) json_fail(*at);
    }
    (*at)++;
}

static Json *json_value(const char **at) {
    Json *value = calloc(1, sizeof *value);
    char *end;
    json_blanks(at);
    switch (**at) {
        case '{': value->kind = JSON_OBJECT; json_members(at, value, '}'); return value;
        case '[': value->kind = JSON_LIST; json_members(at, value, ']'); return value;
        case '"': value->kind = JSON_TEXT; value->text = json_string(at); return value;
        case 'n': *at += 4; return value;
        case 't': *at += 4; value->kind = JSON_NUMBER; value->number = 1; return value;
        case 'f': *at += 5; value->kind = JSON_NUMBER; return value;
        default: break;
    }
    value->kind = JSON_NUMBER;
    value->number = strtod(*at, &end);
    if (end == *at) json_fail(*at);
    *at = end;
    return value;
}

/* The document in a file; NULL if it cannot be opened. */
static Json *json_read(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *content = calloc(1, 1 << 20);
    size_t size = fread(content, 1, (1 << 20) - 1, file);
    fclose(file);
    content[size] = 0;
    const char *at = content;
    return json_value(&at);
}

static Json *json_get(Json *object, const char *key) {
    for (Json *member = object ? object->first : NULL; member; member = member->next)
        if (member->key && strcmp(member->key, key) == 0) return member;
    return NULL;
}

static int json_size(const Json *list) {
    int size = 0;
    for (const Json *member = list ? list->first : NULL; member; member = member->next) size++;
    return size;
}

static Json *json_at(Json *list, int index) {
    Json *member = list ? list->first : NULL;
    while (member && index-- > 0) member = member->next;
    return member;
}

static int json_is_null(const Json *value) { return !value || value->kind == JSON_NULL; }
static double json_number(const Json *value) { return value ? value->number : 0; }
static const char *json_text(const Json *value) { return value && value->text ? value->text : ""; }

#endif
