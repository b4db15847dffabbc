package bind

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// MergePatch is the media type of JSON merge patches (RFC 7396), which a PATCH may send.
const MergePatch = "application/merge-patch+json"

// keepBuffer is the largest buffer that goes back to a pool, in bytes.
const keepBuffer = 64 << 10

// reader holds what reading one request needs.
type reader struct {
	*decoder
	buf []byte
}

func (b *Binder) reader() *reader { return b.readers.Get().(*reader) }

// release gives a reader back. Nothing of the request stays reachable from the pool.
func (b *Binder) release(rd *reader) {
	if cap(rd.buf) > keepBuffer || cap(rd.text) > keepBuffer || cap(rd.keys) > keepBuffer/24 {
		return
	}
	rd.reset(nil, false)
	clear(rd.keys[:cap(rd.keys)])
	b.readers.Put(rd)
}

// body reads the request's body, empty when it has none. A body that is not JSON or
// is larger than limit is refused before it is read, where its headers say so.
func (rd *reader) body(r *http.Request, limit int64) ([]byte, *Error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	if limit <= 0 {
		limit = DefaultBodyLimit
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	if r.ContentLength > 0 {
		if err := checkMediaType(r); err != nil {
			return nil, err
		}
	}
	if err := rd.fill(r.Body, r.ContentLength, limit); err != nil {
		return nil, err
	}
	if r.ContentLength < 0 && len(rd.buf) > 0 {
		if err := checkMediaType(r); err != nil {
			return nil, err
		}
	}
	return rd.buf, nil
}

// ReadBody reads a request's body of at most limit bytes (zero: DefaultBodyLimit), whatever it
// is. The error is always an *Error.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if limit <= 0 {
		limit = DefaultBodyLimit
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var rd reader
	if err := rd.fill(r.Body, r.ContentLength, limit); err != nil {
		return nil, err
	}
	return rd.buf, nil
}

// fill reads all of body into the buffer. A promised length is not believed beyond a buffer's
// worth before that many bytes arrived.
func (rd *reader) fill(body io.Reader, length, limit int64) *Error {
	rd.buf = slices.Grow(rd.buf[:0], int(min(max(length, 511), keepBuffer-1))+1)
	for {
		if len(rd.buf) == cap(rd.buf) {
			rd.buf = slices.Grow(rd.buf, 1)
		}
		n, err := body.Read(rd.buf[len(rd.buf):cap(rd.buf)])
		rd.buf = rd.buf[:len(rd.buf)+n]
		if int64(len(rd.buf)) > limit {
			return tooLarge(limit)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unreadable(err, limit)
		}
	}
}

func unreadable(err error, limit int64) *Error {
	if m, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(min(m.Limit, limit))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Status: http.StatusRequestTimeout, Slug: "request-timeout",
			Detail: "The body did not arrive in time.", Err: err}
	}
	return &Error{Status: http.StatusBadRequest, Slug: "malformed-body", Detail: "The body could not be read.", Err: err}
}

func tooLarge(limit int64) *Error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Slug: "body-too-large",
		Detail: "The body is larger than " + strconv.FormatInt(limit, 10) + " bytes."}
}

// checkMediaType accepts application/json, and merge patches (RFC 7396) of PATCH, in UTF-8
// and not compressed.
func checkMediaType(r *http.Request) *Error {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return unsupported("The body must not be compressed.")
	}
	types := r.Header["Content-Type"]
	if len(types) == 1 && types[0] == "application/json" {
		return nil
	}
	want := "application/json"
	if r.Method == http.MethodPatch {
		want += " or " + MergePatch
	}
	if len(types) != 1 {
		return unsupported("The body must be sent as " + want + ".")
	}
	media, params, err := mime.ParseMediaType(types[0])
	charset, ok := params["charset"]
	known := media == "application/json" || r.Method == http.MethodPatch && media == MergePatch
	if err != nil || !known || ok && !strings.EqualFold(charset, "utf-8") {
		return unsupported("The body must be sent as " + want + ", in UTF-8.")
	}
	return nil
}

func unsupported(detail string) *Error {
	return &Error{Status: http.StatusUnsupportedMediaType, Slug: "unsupported-media-type", Detail: detail}
}

// malformedQuery is an error of the query string as a whole.
func malformedQuery(fields []problem.Field) *Error {
	return &Error{Status: http.StatusBadRequest, Slug: "malformed-query",
		Detail: "The query string holds something this address does not take.", Fields: fields}
}
