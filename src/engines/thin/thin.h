/* The seam between the C++ adapter (thin_engine.cc) and an engine's Rust layer (lib.rs here, and
 * src/engines/<name>/lib.rs). Every engine that is a Rust crate is reached through these few
 * functions, so that adding one is one trait to implement.
 *
 * Threads: an engine and a module may be used by many threads at once, an instance by one at a
 * time. Nothing unwinds across this seam. Pairs with the `repr(C)` types in lib.rs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ferry_thin_engine ferry_thin_engine;
typedef struct ferry_thin_module ferry_thin_module;
typedef struct ferry_thin_instance ferry_thin_instance;

/* Bytes borrowed for the length of one call. */
typedef struct {
  const uint8_t* data;
  size_t size;
} ferry_thin_view;

/* Bytes the layer made; given back with ferry_thin_free. Empty: {NULL, 0}. */
typedef struct {
  uint8_t* data;
  size_t size;
} ferry_thin_bytes;

/* 0 is success; the rest say what kind of error the text is about. */
enum {
  FERRY_THIN_OK = 0,
  FERRY_THIN_INVALID = 1,     /* the module is malformed or fails validation */
  FERRY_THIN_UNSUPPORTED = 2, /* understood, but not by this engine; or an import nobody offers */
  FERRY_THIN_LIMIT = 3,       /* a bound was reached */
  FERRY_THIN_INTERNAL = 4     /* the engine's fault */
};

/* What the adapter offers to the layer; lives longer than the engine. */
typedef struct {
  /* Number of the host function that serves the import, or -1. `params` has a letter for each
   * parameter, 'i' or 'I'; any other type is 'x'. `results` likewise. */
  int32_t (*resolve)(ferry_thin_view module, ferry_thin_view name, ferry_thin_view params,
                     ferry_thin_view results);
  /* Calls it with the arguments in 64-bit slots and the guest's memory ({NULL, 0} if none).
   * `user` came with ferry_thin_call. Low half of the answer: the i32
   * result. FERRY_THIN_STOP set: end the guest now. */
  uint64_t (*call)(void* user, uint32_t function, uint8_t* memory, size_t memory_size,
                   const uint64_t* args);
} ferry_thin_host;
#define FERRY_THIN_STOP (UINT64_C(1) << 32)

typedef struct {
  ferry_thin_view variant;
  uint64_t max_memory; /* bytes */
  uint32_t max_instances;
  uint32_t max_stack; /* bytes */
  uint8_t count_instructions;
  ferry_thin_host host;
} ferry_thin_options;

/* Flags of ferry_thin_info.capabilities, in the order of engine::Capabilities. */
enum {
  FERRY_THIN_COMPILES_AHEAD = 1 << 0,
  FERRY_THIN_DEADLINE = 1 << 1,
  FERRY_THIN_COUNTS_INSTRUCTIONS = 1 << 2,
  FERRY_THIN_STACK_LIMIT = 1 << 3,
  FERRY_THIN_BACKTRACES = 1 << 4,
  FERRY_THIN_RESETTABLE = 1 << 5,
  FERRY_THIN_POOLING = 1 << 6,
  FERRY_THIN_BULK_MEMORY = 1 << 7,
  FERRY_THIN_SIGN_EXTENSION = 1 << 8,
  FERRY_THIN_SATURATING_FLOAT_TO_INT = 1 << 9,
  FERRY_THIN_MULTI_VALUE = 1 << 10,
  FERRY_THIN_REFERENCE_TYPES = 1 << 11,
  FERRY_THIN_SIMD = 1 << 12,
  FERRY_THIN_COARSE_TRAPS = 1 << 13 /* not exact_traps of engine/engine.h */
};

typedef struct {
  ferry_thin_view name; /* these live as long as the engine */
  ferry_thin_view version;
  ferry_thin_view variant;
  ferry_thin_view fingerprint;
  uint32_t capabilities;
} ferry_thin_info;

enum {
  FERRY_THIN_RETURNED = 0,
  FERRY_THIN_STOPPED = 1, /* the host said so */
  FERRY_THIN_TRAPPED = 2,
  FERRY_THIN_INSTRUCTIONS = 3,
  FERRY_THIN_FAILED = 4
};

typedef struct {
  uint32_t kind;
  int32_t value;
  ferry_thin_bytes message;
  ferry_thin_bytes backtrace;
} ferry_thin_end;

/* On an error these return its kind and fill `error`, else leave it empty. */
uint32_t ferry_thin_open(const ferry_thin_options* options, ferry_thin_engine** engine,
                         ferry_thin_bytes* error);
void ferry_thin_close(ferry_thin_engine* engine);
void ferry_thin_describe(const ferry_thin_engine* engine, ferry_thin_info* info);

uint32_t ferry_thin_compile(const ferry_thin_engine* engine, ferry_thin_view wasm,
                            ferry_thin_bytes* artifact, ferry_thin_bytes* error);
/* The artifact's bytes are not needed afterwards. */
uint32_t ferry_thin_load(const ferry_thin_engine* engine, ferry_thin_view artifact,
                         ferry_thin_module** module, ferry_thin_bytes* error);
void ferry_thin_unload(ferry_thin_module* module);

/* `instructions`: the limit where they are counted; UINT64_MAX for none. No guest code runs (a
 * prepared module has no start section). The module must outlive its instances. */
uint32_t ferry_thin_instantiate(const ferry_thin_module* module, uint64_t instructions,
                                ferry_thin_instance** instance, ferry_thin_bytes* error);
void ferry_thin_drop(ferry_thin_instance* instance);

void ferry_thin_call(ferry_thin_instance* instance, ferry_thin_view name, void* user,
                     ferry_thin_end* end);
uint8_t* ferry_thin_memory(ferry_thin_instance* instance, size_t* size);
int64_t ferry_thin_find_global(ferry_thin_instance* instance, ferry_thin_view name); /* or -1 */
uint64_t ferry_thin_get_global(ferry_thin_instance* instance, uint32_t global);
void ferry_thin_set_global(ferry_thin_instance* instance, uint32_t global, uint64_t bits);
uint64_t ferry_thin_instructions(const ferry_thin_instance* instance); /* counted so far */

void ferry_thin_free(ferry_thin_bytes bytes);

#ifdef __cplusplus
}
#endif
