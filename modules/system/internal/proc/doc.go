// Package proc reads what the Linux kernel tells about a machine in /proc and
// in the cgroup v2 tree.
//
// Every Parse function is pure: bytes in, plain values out. None panics on any
// input, and each reuses what the caller passes in, so that sampling every
// second costs next to no garbage. [Reader] is the only part that touches a
// file system, and it takes an [io/fs.FS], so that a test hands it a folder of
// recorded files.
//
// Formats are those of proc(5) and of the kernel's
// Documentation/admin-guide/cgroup-v2.rst. Fields that newer kernels append are
// ignored; fields that older kernels lack stay zero.
package proc
