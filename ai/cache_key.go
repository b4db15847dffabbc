package ai

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"slices"
	"sync"
)

// keyVersion changes with what a digest is made of.
const keyVersion = 1

// A digest is what requests are compared by.
type digest [sha256.Size]byte

// keys makes digests of requests.
type keys struct {
	scope   func(Caller) string // whose answers may be shown to each other
	version string              // the host's
	writers sync.Pool
}

// of returns the digest of a request and its scope. It says nothing of the form
// in which the answer is asked for, nor of [Request.User], which does not change
// it. salt tells apart what digests are for.
func (k *keys) of(ctx context.Context, req *Request, salt ...string) (digest, bool) {
	w, _ := k.writers.Get().(*keyWriter)
	if w == nil {
		w = &keyWriter{hash: sha256.New(), buf: make([]byte, 0, 2<<10)}
	}
	defer k.writers.Put(w)
	w.hash.Reset()
	w.buf = w.buf[:0]
	w.uint(keyVersion)
	write(w, k.version)
	write(w, k.scopeOf(ctx))
	w.uint(uint64(len(salt)))
	for _, s := range salt {
		write(w, s)
	}
	if !w.request(req) {
		return digest{}, false
	}
	return w.sum(), true
}

func (k *keys) scopeOf(ctx context.Context) string {
	c := CallerOf(ctx)
	if k.scope != nil {
		return k.scope(c)
	}
	return c.Tenant
}

// keyWriter hashes fields so that no two lists of them look the same: a text has
// its length before it, a list its count, and what may be missing a mark.
type keyWriter struct {
	hash hash.Hash
	buf  []byte
}

func (w *keyWriter) sum() (d digest) {
	w.flush()
	w.hash.Sum(d[:0])
	return d
}

func (w *keyWriter) flush() {
	_, _ = w.hash.Write(w.buf) // it never fails
	w.buf = w.buf[:0]
}

func (w *keyWriter) uint(n uint64) {
	if cap(w.buf)-len(w.buf) < binary.MaxVarintLen64 {
		w.flush()
	}
	w.buf = binary.AppendUvarint(w.buf, n)
}

func (w *keyWriter) int(n int64) { w.uint(uint64(n)) }

// has marks what may be missing, and reports whether it is there.
func (w *keyWriter) has(there bool) bool {
	if there {
		w.uint(1)
	} else {
		w.uint(0)
	}
	return there
}

func (w *keyWriter) float(f *float64) {
	if w.has(f != nil) {
		w.uint(math.Float64bits(*f))
	}
}

func write[T ~string | ~[]byte](w *keyWriter, s T) {
	for w.uint(uint64(len(s))); len(s) > 0; {
		if len(w.buf) == cap(w.buf) {
			w.flush()
		}
		n := copy(w.buf[len(w.buf):cap(w.buf)], s)
		w.buf = w.buf[:len(w.buf)+n]
		s = s[n:]
	}
}

// request writes every field but Whole and User. It returns false for a request
// that cannot be told from others.
func (w *keyWriter) request(r *Request) bool {
	if r.embed != nil {
		return false
	}
	write(w, r.Model)
	w.uint(uint64(len(r.Messages)))
	for i := range r.Messages {
		if !w.message(&r.Messages[i]) {
			return false
		}
	}
	w.uint(uint64(len(r.Tools)))
	for i := range r.Tools {
		t := &r.Tools[i]
		write(w, t.Name)
		write(w, t.Description)
		write(w, t.Parameters)
		w.has(t.Strict)
	}
	write(w, r.ToolChoice)
	if w.has(r.Output != nil) {
		write(w, r.Output.Name)
		write(w, r.Output.Schema)
		w.has(r.Output.Strict)
	}
	w.int(int64(r.MaxTokens))
	w.float(r.Temperature)
	w.float(r.TopP)
	if w.has(r.Seed != nil) {
		w.int(*r.Seed)
	}
	w.uint(uint64(len(r.Stop)))
	for _, s := range r.Stop {
		write(w, s)
	}
	write(w, r.Effort)
	w.extra(r)
	return true
}

func (w *keyWriter) extra(r *Request) {
	w.uint(uint64(len(r.Extra)))
	if len(r.Extra) == 0 {
		return
	}
	names := make([]string, 0, len(r.Extra))
	for name := range r.Extra {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		write(w, name)
		write(w, r.Extra[name])
	}
}

func (w *keyWriter) message(m *Message) bool {
	write(w, m.Role)
	w.uint(uint64(len(m.Parts)))
	for _, p := range m.Parts {
		switch p := p.(type) {
		case Text:
			w.uint(1)
			write(w, p)
		case Image:
			w.uint(2)
			write(w, p.MediaType)
			write(w, p.Data)
			write(w, p.URL)
			write(w, p.Detail)
		case File:
			w.uint(3)
			write(w, p.Name)
			write(w, p.MediaType)
			write(w, p.Data)
			write(w, p.URL)
			write(w, p.ID)
		case Reasoning:
			w.uint(4)
			for _, s := range [...]string{p.Format, p.ID, p.Text, p.Signature, p.Opaque} {
				write(w, s)
			}
		case Refusal:
			w.uint(5)
			write(w, p)
		case ToolCall:
			w.uint(6)
			write(w, p.ID)
			write(w, p.Name)
			write(w, p.Arguments)
			write(w, p.Signature)
		case ToolResult:
			w.uint(7)
			write(w, p.ID)
			write(w, p.Name)
			write(w, p.Content)
			w.has(p.IsError)
		default:
			return false
		}
	}
	return true
}
