/* Preloaded into a worker: lets chosen allocations of one of libmilter's callbacks fail, on the thread that carries it
 * out and on no other. The file named by NO_MEMORY says which (see test_memory.py) and is told how many there were. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

struct plan {
	int callback; /* the letter of the protocol's command */
	int first;    /* of its allocations the first that fails, from 1; 0: none does */
	int length;   /* how many fail from there on */
	int seen;     /* how many there were in the last call */
};

static volatile struct plan idle, *plan = &idle;
static __thread int armed __attribute__((tls_model("initial-exec")));
static __thread int count __attribute__((tls_model("initial-exec")));

static int fails(void)
{
	if (!armed)
		return 0;
	count++;
	if (!plan->first || count < plan->first || count - plan->first >= plan->length)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return fails() ? NULL : __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }

static struct smfiDesc real;

static void begin(int callback)
{
	count = 0;
	armed = plan->callback == callback;
}

static sfsistat end(sfsistat result)
{
	if (armed) {
		armed = 0;
		plan->seen = count;
	}
	return result;
}

static sfsistat my_helo(SMFICTX *ctx, char *name) { begin('H'); return end(real.xxfi_helo(ctx, name)); }
static sfsistat my_mail(SMFICTX *ctx, char **args) { begin('M'); return end(real.xxfi_envfrom(ctx, args)); }
static sfsistat my_rcpt(SMFICTX *ctx, char **args) { begin('R'); return end(real.xxfi_envrcpt(ctx, args)); }
static sfsistat my_header(SMFICTX *ctx, char *name, char *value)
{
	begin('L');
	return end(real.xxfi_header(ctx, name, value));
}
static sfsistat my_body(SMFICTX *ctx, unsigned char *data, size_t size)
{
	begin('B');
	return end(real.xxfi_body(ctx, data, size));
}
static sfsistat my_eom(SMFICTX *ctx) { begin('E'); return end(real.xxfi_eom(ctx)); }

int smfi_register(struct smfiDesc desc)
{
	int (*next)(struct smfiDesc) = dlsym(RTLD_NEXT, "smfi_register");
	int handle = open(getenv("NO_MEMORY"), O_RDWR);

	if (handle >= 0)
		plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
	real = desc;
	desc.xxfi_helo = my_helo;
	desc.xxfi_envfrom = my_mail;
	desc.xxfi_envrcpt = my_rcpt;
	desc.xxfi_header = my_header;
	desc.xxfi_body = my_body;
	desc.xxfi_eom = my_eom;
	return next(desc);
}
