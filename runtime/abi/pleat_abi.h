/* The contract between compiled models and the runtime that ships with them.
 *
 * The compiler emits one pleat_model_desc a model, and machine code with the signatures
 * below; the runtime reads the descriptor and calls the code. Nothing here is seen by
 * applications: their interface is runtime/include/pleat/pleat.h and the model's own
 * header. Every pointer in a descriptor points to read-only data of the model.
 */
#ifndef PLEAT_ABI_H
#define PLEAT_ABI_H

#include <stddef.h>
#include <stdint.h>

#define PLEAT_ABI_VERSION 1u
#define PLEAT_ABI_OLDEST 1u
#define PLEAT_MAX_RANK 8

/* One kernel: a pure function of its slots. slots[0] is the number of parts the work is
 * split into, `part` which of them this call does; parts write disjoint elements and may
 * run in any order or at once. What follows slots[0] is, for each argument of the kernel
 * in order: its address, then its dynamic sizes, then (for a strided argument) one stride
 * an axis, all in elements; an index argument is one slot. Results follow in the same
 * form. If the kernel declares scratch, the last two slots are the scratch address and
 * the bytes of scratch each part owns. */
typedef void (*pleat_kernel)(const int64_t *slots, int64_t part);

/* Host-supplied parallelism, as in pleat.h. parallel_for may run the calls one after
 * another; it returns when all are done. */
struct pleat_executor;

/* What one run sees. Dimensions are indexed as in pleat_model_desc.dims. */
typedef struct pleat_frame {
  const void *const *inputs;
  void *const *outputs;
  const uint8_t *weights; /* start of the weights file's image, 64-byte aligned */
  uint8_t *arena;         /* 64-byte aligned, arena_bytes(dims) long, 64 readable bytes after */
  const int64_t *dims;
  const pleat_kernel *kernels; /* the chosen level's table */
  const struct pleat_executor *executor; /* NULL: everything in the calling thread */
  int64_t threads;                       /* parts that parallel kernels are split into */
} pleat_frame;

typedef enum pleat_type {
  PLEAT_F32 = 1, PLEAT_U8 = 2, PLEAT_I8 = 3, PLEAT_U16 = 4, PLEAT_I16 = 5, PLEAT_I32 = 6,
  PLEAT_I64 = 7, PLEAT_BOOL = 9, PLEAT_F16 = 10, PLEAT_F64 = 11, PLEAT_U32 = 12,
  PLEAT_U64 = 13, PLEAT_BF16 = 16 /* numbers of ONNX's TensorProto.DataType */
} pleat_type;

/* One axis of an input or output. */
typedef enum pleat_axis_kind {
  PLEAT_AXIS_STATIC = 0, /* value: the size */
  PLEAT_AXIS_DIM = 1,    /* value: index into dims */
  PLEAT_AXIS_EXPR = 2    /* value: index into what eval_sizes writes */
} pleat_axis_kind;

typedef struct pleat_axis {
  uint32_t kind;
  int64_t value;
} pleat_axis;

typedef struct pleat_tensor_desc {
  const char *name;   /* as in the model */
  const char *c_name; /* as in the generated header */
  uint32_t type;      /* pleat_type */
  uint32_t rank;
  const pleat_axis *axes;
} pleat_tensor_desc;

typedef struct pleat_dim_desc {
  const char *name;
  int64_t lower, upper, step; /* upper 0: no bound */
} pleat_dim_desc;

/* Integer inputs that index a table: the runtime checks -rows <= id < rows before a run. */
typedef struct pleat_id_check {
  uint32_t input;
  int64_t rows;
} pleat_id_check;

/* An instruction set level. Levels stand from the least demanding to the most; the
 * runtime takes the last one whose features the processor and the system offer. */
typedef enum pleat_cpu_level {
  PLEAT_X86_64_V3 = 1, /* AVX2, FMA, F16C, BMI1/2, LZCNT, MOVBE */
  PLEAT_X86_64_V4 = 2, /* + AVX-512 F, BW, CD, DQ, VL */
  PLEAT_X86_64_V4_AMX = 3 /* + AMX-TILE, AMX-BF16, permission granted by the kernel */
} pleat_cpu_level;

typedef struct pleat_level_desc {
  uint32_t level; /* pleat_cpu_level */
  const pleat_kernel *kernels;
} pleat_level_desc;

typedef struct pleat_model_desc {
  uint32_t abi_version;     /* PLEAT_ABI_VERSION of the compiler */
  uint32_t oldest_runtime;  /* oldest ABI version that can run it */
  const char *name;
  uint8_t build_id[32];     /* equals the weights file's */
  uint64_t weights_bytes;   /* size of the weights file */
  const uint8_t *embedded_weights; /* NULL: in a file of their own */
  uint32_t input_count, output_count, dim_count, expr_count, level_count, kernel_count, id_check_count;
  const pleat_tensor_desc *inputs;
  const pleat_tensor_desc *outputs;
  const pleat_dim_desc *dims;
  const pleat_level_desc *levels;
  const pleat_id_check *id_checks;
  /* Bytes of arena a run with these dims needs, on `threads` threads. */
  int64_t (*arena_bytes)(const int64_t *dims, int64_t threads);
  /* Writes expr_count sizes. NULL when there are none. */
  void (*eval_sizes)(const int64_t *dims, int64_t *sizes);
  /* Runs the model once. All arguments have been checked. */
  void (*run)(const pleat_frame *frame);
} pleat_model_desc;

/* The weights file: this header, then the table, then tensors aligned to 64 bytes, then
 * 64 zero bytes. Little-endian. */
#define PLEAT_WEIGHTS_MAGIC "PLEATWTS"
typedef struct pleat_weights_header {
  char magic[8];
  uint32_t version, oldest_reader;
  uint8_t build_id[32];
  uint64_t file_bytes;
  uint64_t table_offset;
  uint32_t entry_count;
  uint32_t table_check; /* CRC-32C of the table's bytes */
  uint32_t header_check; /* CRC-32C of the bytes before this field */
  uint32_t reserved;
} pleat_weights_header;

typedef struct pleat_weights_entry {
  uint8_t content_hash[32]; /* BLAKE3 of the packed bytes */
  uint64_t offset, bytes;
  uint32_t type, layout; /* pleat_type; numbers of the dialect's Layout */
  uint64_t reserved;
} pleat_weights_entry;

#endif
