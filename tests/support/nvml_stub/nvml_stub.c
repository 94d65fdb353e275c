/*
 * A stand-in for libnvidia-ml.so.1, for tests and demonstrations.
 *
 * It answers what the JSON file named by BLUEPRINT_NVML_STUB says, through the symbols that the real bindings
 * (nvidia-ml-py) look up, and it misbehaves where that file asks for it:
 *
 *   {"driver": "580.173.02", "nvml": "13.580.173.02", "cuda": 13000, "count": 8, "countLater": 7,
 *    "devices": [{"name": ..., "uuid": ..., "busId": "00000000:18:00.0", "pciDeviceId": 590352606,
 *                 "memory": 85520809984, "mig": [0, 0], "instances": ["NVIDIA H100 MIG 1g.10gb", null], "ecc": [1, 1], "persistence": 1,
 *                 "serial": ..., "board": ..., "vbios": ...}, ...],
 *    "faults": [{"call": "nvmlDeviceGetName", "device": 3, "after": 0,
 *                "return": 15 | "sleep": 60 | "crash": true | "exit": 1 | "bytes": "ff00"}]}
 *
 * "emptySlot" is the return code for an index without a MIG device (NOT_FOUND). A key that a device lacks (or null) answers NVML_ERROR_NOT_SUPPORTED. "count" defaults to the devices listed,
 * "countLater" answers from the second time on.
 * A fault without "device" holds for all; "after": n lets n calls pass first; "bytes" is hexadecimal.
 * The symbol blueprint_nvml_stub tells the reader that this is no hardware.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"

#define EXPORT __attribute__((visibility("default")))

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, DRIVER_NOT_LOADED = 9, MAX_FAULTS = 64 };

typedef struct { unsigned long long total, free, used; } Memory;
typedef struct {
    char legacy[16];
    unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
} PciInfo;

typedef struct {
    unsigned version;
    unsigned char clusterUuid[16];
    int status;
    unsigned cliqueId;
    unsigned char state;
    unsigned healthMask;
} FabricInfo;

EXPORT int blueprint_nvml_stub = 1;

static Json *description;
static int calls_seen[MAX_FAULTS];

static Json *load(void) {
    const char *path = getenv("BLUEPRINT_NVML_STUB");
    if (!description && path) description = json_read(path);
    return description;
}

/* The fault that is due for a call, or NULL. Every matching fault counts the call. */
static Json *due(const char *call, int device) {
    Json *faults = json_get(load(), "faults"), *found = NULL;
    for (int i = 0; i < json_size(faults) && i < MAX_FAULTS; i++) {
        Json *fault = json_at(faults, i), *only = json_get(fault, "device");
        if (strcmp(json_text(json_get(fault, "call")), call) != 0) continue;
        if (only && (int)json_number(only) != device) continue;
        if (calls_seen[i]++ >= (int)json_number(json_get(fault, "after")) && !found) found = fault;
    }
    return found;
}

/* Misbehave as the fault demands. True if the call is to return *code at once. */
static int misbehaves(Json *fault, int *code) {
    Json *returned = json_get(fault, "return");
    *code = load() ? (int)json_number(returned) : DRIVER_NOT_LOADED;
    if (json_get(fault, "sleep")) usleep((useconds_t)(json_number(json_get(fault, "sleep")) * 1e6));
    if (json_get(fault, "crash")) raise(SIGSEGV);
    if (json_get(fault, "exit")) _exit((int)json_number(json_get(fault, "exit")));
    return returned != NULL || !load();
}

static int put(const char *text, char *buffer, unsigned size) {
    if (!buffer || size == 0) return INVALID_ARGUMENT;
    snprintf(buffer, size, "%s", text);
    return SUCCESS;
}

/* Garbage as text: the bytes that a hexadecimal string spells. */
static int put_bytes(const char *hex, char *buffer, unsigned size) {
    unsigned at = 0;
    for (unsigned byte; at + 1 < size && sscanf(hex + 2 * at, "%2x", &byte) == 1; at++) buffer[at] = (char)byte;
    buffer[at] = 0;
    return SUCCESS;
}

static int answer_text(const char *call, int device, Json *value, char *buffer, unsigned size) {
    int code;
    Json *fault = due(call, device), *bytes = json_get(fault, "bytes");
    if (misbehaves(fault, &code)) return code;
    if (bytes) return put_bytes(json_text(bytes), buffer, size);
    return value ? put(json_text(value), buffer, size) : NOT_SUPPORTED;
}

static int answer_number(const char *call, int device, Json *value, unsigned *out) {
    int code;
    if (misbehaves(due(call, device), &code)) return code;
    if (!value) return NOT_SUPPORTED;
    *out = (unsigned)json_number(value);
    return SUCCESS;
}

static int answer_pair(const char *call, int device, Json *pair, unsigned *first, unsigned *second) {
    int code;
    if (misbehaves(due(call, device), &code)) return code;
    if (json_size(pair) != 2) return NOT_SUPPORTED;
    *first = (unsigned)json_number(json_at(pair, 0));
    *second = (unsigned)json_number(json_at(pair, 1));
    return SUCCESS;
}

/* A handle is the address of the device's description, so that an index never leaks into an answer. */
static int index_of(const void *handle) {
    Json *devices = json_get(load(), "devices");
    for (int i = 0; i < json_size(devices); i++)
        if (json_at(devices, i) == handle) return i;
    return -1;
}

static Json *of(const void *handle, const char *key) {
    Json *value = json_get((Json *)handle, key);
    return json_is_null(value) ? NULL : value;
}

EXPORT int nvmlInitWithFlags(unsigned flags) {
    int code;
    (void)flags;
    return misbehaves(due("nvmlInit", -1), &code) ? code : SUCCESS;
}

EXPORT int nvmlShutdown(void) { return SUCCESS; }

EXPORT const char *nvmlErrorString(int code) { return code ? "an error of the stand-in" : "Success"; }

EXPORT int nvmlSystemGetDriverVersion(char *buffer, unsigned size) {
    return answer_text("nvmlSystemGetDriverVersion", -1, json_get(load(), "driver"), buffer, size);
}

EXPORT int nvmlSystemGetNVMLVersion(char *buffer, unsigned size) {
    return answer_text("nvmlSystemGetNVMLVersion", -1, json_get(load(), "nvml"), buffer, size);
}

EXPORT int nvmlSystemGetCudaDriverVersion(int *version) {
    return answer_number("nvmlSystemGetCudaDriverVersion", -1, json_get(load(), "cuda"), (unsigned *)version);
}

EXPORT int nvmlDeviceGetCount_v2(unsigned *count) {
    int code;
    Json *said = json_get(load(), "count"), *later = json_get(load(), "countLater");
    static int asked;
    if (misbehaves(due("nvmlDeviceGetCount", -1), &code)) return code;
    if (later && asked++) said = later;
    *count = said ? (unsigned)(long long)json_number(said) : (unsigned)json_size(json_get(load(), "devices"));
    return SUCCESS;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    int code;
    Json *devices = json_get(load(), "devices");
    if (misbehaves(due("nvmlDeviceGetHandleByIndex", (int)index), &code)) return code;
    if (index >= (unsigned)json_size(devices)) return INVALID_ARGUMENT;
    *handle = json_at(devices, (int)index);
    return SUCCESS;
}

#define TEXT(symbol, key)                                                                     \
    EXPORT int symbol(void *handle, char *buffer, unsigned size) {                            \
        return answer_text(#symbol, index_of(handle), of(handle, key), buffer, size);         \
    }
EXPORT int nvmlDeviceGetName(void *handle, char *buffer, unsigned size) {
    Json *name = index_of(handle) < 0 ? (Json *)handle : of(handle, "name"); /* a MIG device's handle is its name */
    return answer_text("nvmlDeviceGetName", index_of(handle), name, buffer, size);
}
TEXT(nvmlDeviceGetUUID, "uuid")
TEXT(nvmlDeviceGetSerial, "serial")
TEXT(nvmlDeviceGetBoardPartNumber, "board")
TEXT(nvmlDeviceGetVbiosVersion, "vbios")

#define PAIR(symbol, key)                                                                     \
    EXPORT int symbol(void *handle, unsigned *current, unsigned *pending) {                   \
        return answer_pair(#symbol, index_of(handle), of(handle, key), current, pending);     \
    }
PAIR(nvmlDeviceGetMigMode, "mig")
PAIR(nvmlDeviceGetEccMode, "ecc")

/* MIG devices: "instances" lists their names, null for an index without one. Their handles are those names. */
EXPORT int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned *count) {
    int code;
    if (misbehaves(due("nvmlDeviceGetMaxMigDeviceCount", index_of(handle)), &code)) return code;
    *count = (unsigned)json_size(of(handle, "instances"));
    return SUCCESS;
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned index, void **instance) {
    int code;
    Json *found = json_at(of(handle, "instances"), (int)index);
    if (misbehaves(due("nvmlDeviceGetMigDeviceHandleByIndex", index_of(handle)), &code)) return code;
    if (json_is_null(found)) return json_get(load(), "emptySlot") ? (int)json_number(json_get(load(), "emptySlot")) : NOT_FOUND;
    *instance = found;
    return SUCCESS;
}

/* "fabric": [state, status, clique, first byte of the cluster's UUID]. */
EXPORT int nvmlDeviceGetGpuFabricInfoV(void *handle, FabricInfo *info) {
    int code;
    Json *said = of(handle, "fabric");
    if (misbehaves(due("nvmlDeviceGetGpuFabricInfoV", index_of(handle)), &code)) return code;
    if (json_size(said) != 4) return NOT_SUPPORTED;
    info->state = (unsigned char)json_number(json_at(said, 0));
    info->status = (int)json_number(json_at(said, 1));
    info->cliqueId = (unsigned)json_number(json_at(said, 2));
    memset(info->clusterUuid, 0, sizeof info->clusterUuid);
    info->clusterUuid[0] = (unsigned char)json_number(json_at(said, 3));
    return SUCCESS;
}

EXPORT int nvmlDeviceGetPersistenceMode(void *handle, unsigned *mode) {
    return answer_number("nvmlDeviceGetPersistenceMode", index_of(handle), of(handle, "persistence"), mode);
}

EXPORT int nvmlDeviceGetMemoryInfo(void *handle, Memory *memory) {
    int code;
    Json *total = of(handle, "memory");
    if (misbehaves(due("nvmlDeviceGetMemoryInfo", index_of(handle)), &code)) return code;
    if (!total) return NOT_SUPPORTED;
    memory->total = memory->free = (unsigned long long)json_number(total);
    memory->used = 0;
    return SUCCESS;
}

EXPORT int nvmlDeviceGetPciInfo_v3(void *handle, PciInfo *info) {
    int code;
    Json *bus_id = of(handle, "busId");
    if (misbehaves(due("nvmlDeviceGetPciInfo", index_of(handle)), &code)) return code;
    if (!bus_id) return NOT_SUPPORTED;
    memset(info, 0, sizeof *info);
    snprintf(info->busId, sizeof info->busId, "%s", json_text(bus_id));
    sscanf(info->busId, "%x:%x:%x", &info->domain, &info->bus, &info->device);
    snprintf(info->legacy, sizeof info->legacy, "%04x:%02x:%02x.0", info->domain & 0xffff, info->bus & 0xff,
             info->device & 0xff);
    info->pciDeviceId = (unsigned)json_number(of(handle, "pciDeviceId"));
    info->pciSubSystemId = (unsigned)json_number(of(handle, "pciSubSystemId"));
    return SUCCESS;
}
