/*
 * The guest's side of the sandbox: QuickJS plus one narrow door to the host.
 *
 * Everything the host and the prelude say to each other is a text (UTF-8, usually JSON) and, beside it, bytes.
 * The host never gets a pointer to anything but these two, and the guest pulls what the host offers ("take"), so
 * that the host never needs to allocate in the guest.
 *
 * QuickJS is included rather than linked, for the one field of its context that has no setter: the random state.
 */
#include "quickjs.c"

#define IMPORT(name) __attribute__((import_module("authbridge"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

/* Answers one synchronous call; the answer waits at the host until it is taken. Returns 0, or 1 for a failure. */
IMPORT("call") int host_call(int operation, const char *text, size_t text_len, const uint8_t *bytes, size_t bytes_len);
/* Sizes of what waits at the host. A negative size of bytes means that there are none. */
IMPORT("text_size") int host_text_size(void);
IMPORT("bytes_size") int host_bytes_size(void);
/* Copies what waits at the host to these addresses. */
IMPORT("take") void host_take(char *text, uint8_t *bytes);

static JSRuntime *runtime;
static JSContext *context;
/* The prelude's function that receives everything the host says. */
static JSValue receiver;
/* Set once the call has its result: jobs that are still queued are not run. */
static int finished;

/* QuickJS asks for size 0 when the buffer dies. */
static void *resize_bytes(JSRuntime *rt, void *opaque, void *ptr, size_t size)
{
    return js_realloc_rt(rt, ptr, size);
}

/* Takes what waits at the host. Returns -1 with an exception when there is no memory. */
static int take(JSContext *ctx, JSValue *text, JSValue *bytes)
{
    int text_size = host_text_size(), bytes_size = host_bytes_size();
    char *text_buffer = js_malloc(ctx, text_size + 1);
    uint8_t *bytes_buffer = bytes_size < 0 ? NULL : js_malloc(ctx, bytes_size + 1);

    if (!text_buffer || (bytes_size >= 0 && !bytes_buffer)) {
        js_free(ctx, text_buffer);
        js_free(ctx, bytes_buffer);
        return -1;
    }
    host_take(text_buffer, bytes_buffer);
    *text = JS_NewStringLen(ctx, text_buffer, text_size);
    js_free(ctx, text_buffer);
    *bytes = bytes_size < 0 ? JS_UNDEFINED
                            : JS_NewArrayBuffer(ctx, bytes_buffer, bytes_size, 0, resize_bytes, NULL, false);
    return JS_IsException(*text) || JS_IsException(*bytes) ? -1 : 0;
}

/* call(operation, text, bytes?) -> [failed, text, ArrayBuffer | undefined] */
static JSValue js_call(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    int32_t operation;
    size_t text_len, bytes_len = 0;
    const char *text;
    const uint8_t *bytes = NULL;
    JSValue answer, parts[3];
    int failed;

    if (JS_ToInt32(ctx, &operation, argv[0]))
        return JS_EXCEPTION;
    if (argc > 2 && !JS_IsUndefined(argv[2])) {
        bytes = JS_GetUint8Array(ctx, &bytes_len, argv[2]);
        if (!bytes)
            return JS_EXCEPTION;
    }
    text = JS_ToCStringLen(ctx, &text_len, argv[1]);
    if (!text)
        return JS_EXCEPTION;
    failed = host_call(operation, text, text_len, bytes, bytes_len);
    JS_FreeCString(ctx, text);
    if (take(ctx, &parts[1], &parts[2]))
        return JS_EXCEPTION;
    parts[0] = JS_NewBool(ctx, failed);
    answer = JS_NewArrayFrom(ctx, 3, parts);
    return answer;
}

/* compile(name, code) -> ArrayBuffer of bytecode, without the text; throws the syntax error. */
static JSValue js_compile(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const char *name, *code;
    size_t code_len, size;
    uint8_t *bytecode;
    JSValue function;

    name = JS_ToCString(ctx, argv[0]);
    code = JS_ToCStringLen(ctx, &code_len, argv[1]);
    if (!name || !code) {
        JS_FreeCString(ctx, name);
        JS_FreeCString(ctx, code);
        return JS_EXCEPTION;
    }
    function = JS_Eval(ctx, code, code_len, name, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, code);
    if (JS_IsException(function))
        return JS_EXCEPTION;
    bytecode = JS_WriteObject(ctx, &size, function, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    JS_FreeValue(ctx, function);
    if (!bytecode)
        return JS_EXCEPTION;
    function = JS_NewArrayBufferCopy(ctx, bytecode, size);
    js_free(ctx, bytecode);
    return function;
}

/* load(Uint8Array of bytecode) -> the value of its last expression. */
static JSValue js_load(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    size_t size;
    const uint8_t *bytecode = JS_GetUint8Array(ctx, &size, argv[0]);
    JSValue function;

    if (!bytecode)
        return JS_EXCEPTION;
    function = JS_ReadObject(ctx, bytecode, size, JS_READ_OBJ_BYTECODE);
    if (JS_IsException(function))
        return JS_EXCEPTION;
    return JS_EvalFunction(ctx, function);
}

/* encode(string) -> ArrayBuffer of its UTF-8; the caller has replaced lone surrogates. */
static JSValue js_encode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
    JSValue buffer;

    if (!text)
        return JS_EXCEPTION;
    buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)text, size);
    JS_FreeCString(ctx, text);
    return buffer;
}

/* decode(Uint8Array of well-formed UTF-8) -> string */
static JSValue js_decode(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    size_t size;
    const uint8_t *bytes = JS_GetUint8Array(ctx, &size, argv[0]);

    if (!bytes)
        return JS_EXCEPTION;
    return JS_NewStringLen(ctx, (const char *)bytes, size);
}

static JSValue js_register(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    receiver = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue js_finish(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    finished = 1;
    return JS_UNDEFINED;
}

/* Tells the host what was thrown where nobody could catch it; only a broken prelude gets here. */
static int report(JSContext *ctx)
{
    JSValue error = JS_GetException(ctx);
    JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
    const char *text = JS_ToCString(ctx, error), *where = JS_ToCString(ctx, stack);

    if (text)
        host_call(0, text, strlen(text), (const uint8_t *)where, where ? strlen(where) : 0);
    JS_FreeCString(ctx, text);
    JS_FreeCString(ctx, where);
    JS_FreeValue(ctx, stack);
    JS_FreeValue(ctx, error);
    return 1;
}

/* QuickJS has no limit on its stack under WASI, though the stack pointer means there what it means elsewhere. */
static void limit_stack(size_t size)
{
    runtime->stack_top = js_get_stack_pointer();
    runtime->stack_size = size;
    runtime->stack_limit = runtime->stack_top - size;
}

static void define(JSValueConst object, const char *name, JSCFunction *function, int length)
{
    JS_SetPropertyStr(context, object, name, JS_NewCFunction(context, function, name, length));
}

/* Blocks of each size that a call finds prepared; what needs more gets arenas of its own. */
enum { MOST_BLOCKS = 32, LEAST_BLOCKS = 4, BLOCK_BYTES = 1024 };

/*
 * Where small calls write: first what they allocate, for which `nursery` is kept free while the prelude is evaluated,
 * and right behind it the runtime's own tables.
 */
enum { NURSERY_BYTES = 128 * 1024, TABLES_BYTES = 152 * 1024, PAGE_BYTES = 4096 };
static char *nursery;

/*
 * Prepares the heap for calls. Each page of the snapshot that a call writes to has to be copied for it, so what a call
 * allocates shall lie side by side and not in the prelude's holes.
 */
static void compact_heap(void)
{
    JSArenaState *state = &runtime->arena_state;
    /* Volatile: the compiler may leave out allocations that nobody looks at. */
    char *volatile hole;
    char *end;
    size_t size;
    int index;

    /* Arenas with free blocks count as full, and their free blocks are never used. */
    for (index = 0; index < JS_ARENA_BLOCK_SIZE_COUNT; index++) {
        struct list_head *element, *next, *head = &state->free_arena_list[index];
        list_for_each_safe(element, next, head) {
            JSArena *arena = list_entry(element, JSArena, free_link);
            arena->n_used_blocks = arena->n_blocks;
            arena->first_free_block = JS_ARENA_FREE_NIL;
            list_del(element);
        }
    }
    /* Free memory below the end of the heap is taken for good. */
    hole = malloc(1024 * 1024);
    end = hole;
    free(hole);
    for (size = 64 * 1024; size >= 8; size -= 8) {
        do
            hole = malloc(size);
        while (hole && hole < end);
        free(hole);
    }
    free(nursery);
    /* One small arena for each size, all in a row. A block that is used by nobody keeps them from being freed. */
    for (index = 0; index < JS_ARENA_BLOCK_SIZE_COUNT; index++) {
        JSArena *arena = arena_new(runtime, index);
        int block_size = arena_block_sizes[index];
        int blocks = BLOCK_BYTES / block_size;
        JSMallocBlockHeader *last;

        if (blocks > MOST_BLOCKS)
            blocks = MOST_BLOCKS;
        if (blocks < LEAST_BLOCKS)
            blocks = LEAST_BLOCKS;
        last = arena_get_block(arena, blocks - 1, block_size);
        last->u.free_next = JS_ARENA_FREE_NIL;
        arena->n_blocks = blocks + 1;
        arena->n_used_blocks = 1;
        /* The arena keeps its beginning only. */
        hole = realloc(arena, sizeof(JSArena) + (size_t)blocks * block_size);
    }
}

/*
 * Writes to the pages that small calls write to, without a change. The host keeps pages that were written to, and
 * restores them by copying; but it does so for some 30 ranges only, lowest address first, and has to map all other
 * pages anew. One range instead of many leaves the others for the prelude's objects.
 */
static void touch_nursery(void)
{
    volatile char *page = nursery;

    for (; page < nursery + NURSERY_BYTES + TABLES_BYTES; page += PAGE_BYTES)
        *page = *page;
}

/*
 * Run once, when the crate is built. The host offers the prelude's loader: a script whose value is a function that
 * takes the door. Afterwards the memory is the snapshot that every call starts from.
 */
EXPORT("initialise") int initialise(void)
{
    JSValue door, text, bytes, loader, result;
    const char *code;
    size_t code_len;

    nursery = malloc(NURSERY_BYTES);
    runtime = JS_NewRuntime();
    JS_SetCanBlock(runtime, false);
    limit_stack(512 * 1024);
    context = JS_NewContext(runtime);
    receiver = JS_UNDEFINED;
    door = JS_NewObject(context);
    define(door, "call", js_call, 3);
    define(door, "compile", js_compile, 2);
    define(door, "load", js_load, 1);
    define(door, "encode", js_encode, 1);
    define(door, "decode", js_decode, 1);
    define(door, "register", js_register, 1);
    define(door, "finish", js_finish, 0);
    if (take(context, &text, &bytes))
        return 1;
    code = JS_ToCStringLen(context, &code_len, text);
    loader = JS_Eval(context, code, code_len, "authbridge:prelude", JS_EVAL_TYPE_GLOBAL);
    JS_FreeCString(context, code);
    JS_FreeValue(context, text);
    if (JS_IsException(loader))
        return report(context);
    result = JS_Call(context, loader, JS_UNDEFINED, 1, (JSValueConst *)&door);
    JS_FreeValue(context, loader);
    JS_FreeValue(context, door);
    if (JS_IsException(result))
        return report(context);
    JS_FreeValue(context, result);
    JS_RunGC(runtime);
    compact_heap();
    /* A collection touches every object of the prelude, and so copies all of its pages: not for a small call. */
    JS_SetGCThreshold(runtime, 8 * 1024 * 1024);
    return 0;
}

/* Hands the prelude what waits at the host, then runs all jobs. Returns 0, or 1 after a failure that was reported. */
EXPORT("enter") int enter(int kind, int stack_size, int64_t seed)
{
    JSValue arguments[3], result;
    JSContext *job_context;

    limit_stack(stack_size);
    if (seed) {
        touch_nursery();
        context->random_state = (uint64_t)seed;
    }
    if (take(context, &arguments[1], &arguments[2]))
        return report(context);
    arguments[0] = JS_NewInt32(context, kind);
    result = JS_Call(context, receiver, JS_UNDEFINED, 3, (JSValueConst *)arguments);
    JS_FreeValue(context, arguments[1]);
    JS_FreeValue(context, arguments[2]);
    if (JS_IsException(result))
        return report(context);
    JS_FreeValue(context, result);
    while (!finished) {
        int state = JS_ExecutePendingJob(runtime, &job_context);
        if (state < 0)
            return report(job_context);
        if (state == 0)
            break;
    }
    return 0;
}
