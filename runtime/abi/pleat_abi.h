/* The contract between compiled models and the runtime that ships with them.
 *
 * The compiler emits one pleat_model_desc a model, and machine code with the signatures
 * below; the runtime reads the descriptor and calls the code. Nothing here is seen by
 * applications: their interface is runtime/include/pleat/pleat.h and the model's own
 * header. Every pointer in a descriptor points to read-only data of the model.
 */
#ifndef PLEAT_ABI_H
#define PLEAT_ABI_H

#include "runtime/include/pleat/pleat.h" /* element types, levels, executor */

#define PLEAT_ABI_VERSION 2u
#define PLEAT_ABI_OLDEST 2u

#ifdef __cplusplus
extern "C" {
#endif

/* One kernel: a pure function of its slots. slots[0] is the number of parts the work is
 * split into, `part` which of them this call does; parts write disjoint elements and may
 * run in any order or at once. What follows slots[0] is, for each argument of the kernel
 * in order: its address, then its dynamic sizes, then (for a strided argument) one stride
 * an axis, the last one 1, all in elements; an index argument is one slot. Results follow in the same
 * form. If the kernel declares scratch, the last two slots are the scratch address and
 * the bytes of scratch each part owns. */
typedef void (*pleat_kernel)(const int64_t *slots, int64_t part);

/* What one run sees. Dimensions are indexed as in pleat_model_desc.dims. The compiler knows
 * the fields by offset: new ones go last. */
typedef struct pleat_frame {
  const void *const *inputs;
  void *const *outputs;
  const uint8_t *weights; /* start of the weights file's image, 64-byte aligned */
  uint8_t *arena;         /* 64-byte aligned, arena_bytes(dims) long, 64 readable bytes after */
  const int64_t *dims;
  const pleat_kernel *kernels;    /* the chosen level's table */
  const pleat_executor *executor; /* NULL: everything in the calling thread */
  int64_t threads;                /* parts that parallel kernels are split into */
  /* One entry a state. An appended state has one buffer, [outer][capacity][inner], of which
   * the first `length` rows (its length dimension) are filled; the run writes the rows that
   * follow. A replaced state is read at `states` and written at `next_states`, both dense. */
  uint8_t *const *states;
  uint8_t *const *next_states;
  const int64_t *capacities; /* rows of an appended state's buffer; 0 for a replaced one */
} pleat_frame;

/* Runs all parts of a kernel, over the frame's executor if it has one. Sets slots[0] to the
 * frame's threads. Provided by the runtime for generated code. */
void pleat_rt_parallel(const pleat_frame *frame, pleat_kernel kernel, int64_t *slots);

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

/* A model has at most this many dimensions. */
#define PLEAT_MAX_DIMS 256

/* A dimension takes the values lower, lower + step, ... up to upper. */
typedef struct pleat_dim_desc {
  const char *name;
  int64_t lower, upper, step; /* upper 0: no bound; step at least 1 */
} pleat_dim_desc;

/* A state that the session keeps: the model's input and output of the same thing are neither
 * in `inputs` nor in `outputs`. */
typedef enum pleat_state_kind {
  PLEAT_STATE_APPENDED = 1, /* the output is the input with rows added along `axis` */
  PLEAT_STATE_REPLACED = 2  /* the output takes the input's place; same type and shape */
} pleat_state_kind;

typedef struct pleat_state_desc {
  pleat_tensor_desc tensor; /* the input; its axes are static or dimensions, not expressions */
  uint32_t kind;            /* pleat_state_kind */
  uint32_t axis;            /* appended: the axis that grows; a dimension after the host's */
  pleat_axis next_length;   /* appended: rows after the run */
  const char *output_name;  /* as in the model; for tools, as what follows */
  /* Where input and output stand among all of the model's, states included. */
  uint32_t input_position, output_position;
} pleat_state_desc;

/* Integer inputs that index a table: the runtime checks -rows <= id < rows before a run. */
typedef struct pleat_id_check {
  uint32_t input;
  int64_t rows;
} pleat_id_check;

/* Two sizes that the model's ops need to be equal: the runtime compares them before a run. */
typedef struct pleat_size_check {
  const char *first_text, *second_text; /* for messages */
  pleat_axis first, second;
} pleat_size_check;

/* Levels stand from the least demanding to the most; the runtime takes the last one whose
 * features the processor and the system offer. */
typedef struct pleat_level_desc {
  uint32_t level; /* pleat_cpu_level */
  const pleat_kernel *kernels;
} pleat_level_desc;

typedef struct pleat_model_desc {
  uint32_t abi_version;    /* PLEAT_ABI_VERSION of the compiler */
  uint32_t oldest_runtime; /* oldest ABI version that can run it */
  const char *name;
  /* BLAKE3 of the weights file's table, also in the file's header: it names every tensor's
   * content and place, so code and weights that agree on it fit. */
  uint8_t build_id[32];
  uint64_t weights_bytes;          /* size of the weights file; 0: the model has no weights */
  const uint8_t *embedded_weights; /* the file's image, 64-byte aligned; NULL: not embedded */
  uint32_t input_count, output_count, state_count;
  /* The first host_dim_count dimensions are given at each run; the rest are lengths of
   * appended states. Each of the host's is an axis of at least one input. */
  uint32_t dim_count, host_dim_count;
  uint32_t expr_count, level_count, kernel_count, id_check_count, size_check_count;
  const pleat_tensor_desc *inputs;
  const pleat_tensor_desc *outputs;
  const pleat_state_desc *states;
  const pleat_dim_desc *dims;
  const pleat_level_desc *levels;
  const pleat_id_check *id_checks;
  const pleat_size_check *size_checks;
  /* Bytes of arena a run with these dims needs, on `threads` threads. A session's arena is
   * what its largest dims need; a negative number says that the sizes overflow. */
  int64_t (*arena_bytes)(const int64_t *dims, int64_t threads);
  /* Writes expr_count sizes; a negative one of a tensor is refused before the run. NULL when
   * there are none. */
  void (*eval_sizes)(const int64_t *dims, int64_t *sizes);
  /* Runs the model once. All arguments have been checked. */
  void (*run)(const pleat_frame *frame);
} pleat_model_desc;

/* The weights file: this header, then the table, then tensors at multiples of 64 in the
 * table's order without overlap, then 64 zero bytes. Little-endian. */
#define PLEAT_WEIGHTS_MAGIC "PLEATWTS"
#define PLEAT_WEIGHTS_VERSION 1u
#define PLEAT_WEIGHTS_ALIGNMENT 64u
typedef struct pleat_weights_header {
  char magic[8];
  uint32_t version;       /* PLEAT_WEIGHTS_VERSION of the writer */
  uint32_t oldest_reader; /* oldest PLEAT_WEIGHTS_VERSION that can read the file */
  uint8_t build_id[32];
  uint64_t file_bytes;
  uint64_t table_offset; /* a multiple of 8 */
  uint32_t entry_count;
  uint32_t table_check;  /* CRC-32C of the table's bytes */
  uint32_t header_check; /* CRC-32C of the bytes before this field */
  uint32_t reserved;     /* 0 */
} pleat_weights_header;

typedef struct pleat_weights_entry {
  uint8_t content_hash[32]; /* BLAKE3 of the packed bytes */
  uint64_t offset, bytes;
  uint32_t type, layout; /* pleat_type; numbers of the dialect's Layout */
  uint64_t reserved;     /* 0 */
} pleat_weights_entry;

#ifdef __cplusplus
}
#endif

#endif
