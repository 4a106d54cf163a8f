package wasihttp

import (
	"runtime/debug"
	"unsafe"
)

// Lists and strings that the host returns are put where cabi_realloc says. It may not call WASI, as
// Go's collector does to look at the clock, so it allocates nothing: it gives out pieces of this.
var (
	arena [1 << 20]byte
	used  uintptr
	kept  uintptr // what the adapter for preview 1 took before Go had started, for its state
)

func init() {
	kept = used
	collect(false)
}

// reuse makes all of the arena free. What was returned before has been copied.
func reuse() { used = kept }

// collect has the collector run only while nothing is called that returns memory: a cycle that has
// begun would go on in cabi_realloc.
func collect(run bool) {
	if run {
		debug.SetGCPercent(100)
	} else {
		debug.SetGCPercent(-1)
	}
}

//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	base := uintptr(unsafe.Pointer(&arena))
	begin := (base+used+uintptr(align)-1)&^(uintptr(align)-1) - base
	if begin+uintptr(size) > uintptr(len(arena)) {
		panic("wasihttp: the request's headers are larger than 1 MiB")
	}
	used = begin + uintptr(size)
	at := unsafe.Pointer(uintptr(unsafe.Pointer(&arena)) + begin)
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(at), size), unsafe.Slice((*byte)(old), oldSize))
	}
	return at
}
