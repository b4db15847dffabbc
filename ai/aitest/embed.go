package aitest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// embedFormat writes embeddings.
type embedFormat struct {
	path  string // of the requests; those of Gemini are below the path of answers
	read  func(body []byte) (inputs []string, dimensions int)
	write func(body []byte, vectors [][]float32, r Reply) object
	batch int // the most inputs of a request
}

var embedFormats = map[Format]embedFormat{
	OpenAIChat: {"/openai/v1/embeddings", embedInputs, openAIVectors, 2048},
	Ollama:     {"/ollama/api/embed", embedInputs, ollamaVectors, 512},
	Gemini:     {"/gemini/v1beta/embeddings", geminiInputs, geminiVectors, 100},
}

// Vector is what the server makes of a text: counts of its words, so that texts
// with the same words are close, and always the same.
func Vector(text string, dimensions int) []float32 {
	if dimensions <= 0 {
		dimensions = 32
	}
	v := make([]float32, dimensions)
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		h := fnv.New32a()
		_, _ = io.WriteString(h, strings.Trim(word, ".,;:!?"))
		v[int(h.Sum32())%dimensions]++
	}
	return v
}

func embedInputs(body []byte) ([]string, int) {
	var in struct {
		Input      []string `json:"input"`
		Dimensions int      `json:"dimensions"`
	}
	if json.Unmarshal(body, &in) != nil {
		return nil, 0
	}
	return in.Input, in.Dimensions
}

func openAIVectors(body []byte, vectors [][]float32, r Reply) object {
	var in struct {
		Encoding string `json:"encoding_format"`
	}
	_ = json.Unmarshal(body, &in) // which embedInputs could read
	data := []object{}
	for i, v := range vectors {
		o := object{"object": "embedding", "index": i, "embedding": v}
		if in.Encoding == "base64" {
			b := make([]byte, 0, 4*len(v))
			for _, x := range v {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
			}
			o["embedding"] = base64.StdEncoding.EncodeToString(b)
		}
		data = append(data, o)
	}
	slices.Reverse(data) // the index counts
	o := object{"object": "list", "data": data, "model": "test-model-1"}
	if r.Fault != NoUsage {
		o["usage"] = object{"prompt_tokens": r.Usage.Input, "total_tokens": r.Usage.Input}
	}
	return o
}

func ollamaVectors(_ []byte, vectors [][]float32, r Reply) object {
	o := object{"model": "test-model-1", "embeddings": vectors, "total_duration": 1}
	if r.Fault != NoUsage {
		o["prompt_eval_count"] = r.Usage.Input
	}
	return o
}

func geminiInputs(body []byte) (inputs []string, dimensions int) {
	var in struct {
		Requests []struct {
			Content struct {
				Parts []struct {
					Text string `json:"text"`
				} `json:"parts"`
			} `json:"content"`
			Dimensions int `json:"outputDimensionality"`
		} `json:"requests"`
	}
	if json.Unmarshal(body, &in) != nil {
		return nil, 0
	}
	for _, one := range in.Requests {
		var text strings.Builder
		for _, p := range one.Content.Parts {
			text.WriteString(p.Text)
		}
		inputs, dimensions = append(inputs, text.String()), one.Dimensions
	}
	return inputs, dimensions
}

func geminiVectors(_ []byte, vectors [][]float32, r Reply) object {
	list := []object{}
	for _, v := range vectors {
		list = append(list, object{"values": v})
	}
	o := object{"embeddings": list}
	if r.Fault != NoUsage {
		o["usageMetadata"] = object{"promptTokenCount": r.Usage.Input}
	}
	return o
}

// embed answers a request for embeddings.
func (s *Server) embed(w http.ResponseWriter, r *http.Request, format Format) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err == nil {
		s.vectors(w, r, format, body)
	}
}

func (s *Server) vectors(w http.ResponseWriter, r *http.Request, format Format, body []byte) {
	reply := s.reply(Request{Format: format, Header: r.Header.Clone(), Body: body, Whole: true}).filled()
	f, e := formats[format], embedFormats[format]
	inputs, dimensions := e.read(body)
	if len(inputs) == 0 || len(inputs) > e.batch {
		reply.Fault = BadRequest
	}
	vectors := reply.Vectors
	if vectors == nil {
		for _, text := range inputs {
			vectors = append(vectors, Vector(text, dimensions))
		}
	}
	f.whole = func(r Reply) []byte {
		if r.Fault == ErrorBefore || r.Fault == ErrorMidway {
			return f.fault(midway, http.StatusInternalServerError)
		}
		o := e.write(body, vectors, r)
		if r.Fault == UnknownEvents {
			o["future"] = []int{1}
		}
		return []byte(text(o))
	}
	a := &answer{w: w, r: r, quit: s.quit, reply: reply, format: f, whole: true}
	a.write()
}

// embedFaults are those that an answer without text can have.
func embedFaults() []Fault {
	return slices.DeleteFunc(append(Faults(), None), func(f Fault) bool { return f == BrokenArguments || f == NoContent || f == Refusal })
}

// RunEmbedder checks an adapter against every fault that embeddings can have, and
// against more inputs than fit into a request. The rest is as [Run] has it.
func RunEmbedder(t *testing.T, format Format, newEmbedder func(baseURL string, transport http.RoundTripper) (ai.Embedder, error)) {
	t.Helper()
	for _, f := range embedFaults() {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			s := NewServer()
			t.Cleanup(s.Close)
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			e, err := newEmbedder(s.BaseURL(format), transport)
			if err != nil {
				t.Fatal(err)
			}
			s.Push(Reply{Fault: f})
			limit := patience
			if f == SlowFirstByte || f == Stall {
				limit = impatience
			}
			req := &ai.EmbedRequest{Model: "test-model", Inputs: []string{"one two", "three"}, Dimensions: 8}
			out, err := ai.DecorateEmbedder(e, ai.WithTimeouts(ai.Timeouts{First: limit})).Embed(t.Context(), req)
			checkEmbeddings(t, f.Outcome(format, true), f, req, out, err)
			if f == None {
				manyInputs(t, s, e, format)
				unusualVectors(t, s, e)
			}
		})
	}
}

func checkEmbeddings(t *testing.T, want Outcome, f Fault, req *ai.EmbedRequest, out *ai.Embeddings, err error) {
	t.Helper()
	failed, _ := errors.AsType[*ai.Error](err)
	switch {
	case want.OK && err != nil:
		t.Fatalf("got %v, want embeddings", err)
	case !want.OK && (failed == nil || failed.Kind != want.Kind):
		t.Fatalf("got %v, want an error of kind %v", err, want.Kind)
	case !want.OK:
		return
	}
	for i, text := range req.Inputs {
		if !slices.Equal(out.Vectors[i], Vector(text, req.Dimensions)) {
			t.Errorf("vector %d: got %v, want %v", i, out.Vectors[i], Vector(text, req.Dimensions))
		}
	}
	if used := out.Usage.Input; used != 9 && f != NoUsage || out.Provider == "" || out.Model == "" {
		t.Errorf("got %q %q, %d tokens", out.Provider, out.Model, used)
	}
}

func manyInputs(t *testing.T, s *Server, e ai.Embedder, format Format) {
	t.Helper()
	req := &ai.EmbedRequest{Model: "test-model", Inputs: make([]string, embedFormats[format].batch+1)}
	for i := range req.Inputs {
		req.Inputs[i] = strings.Repeat("x", i%7+1)
	}
	before := len(s.Requests())
	out, err := e.Embed(t.Context(), req)
	if n := len(s.Requests()) - before; err != nil || n != 2 || len(out.Vectors) != len(req.Inputs) || out.Usage.Input != 18 {
		t.Errorf("%d inputs: got %v in %d requests, want 2", len(req.Inputs), err, n)
	}
}

func unusualVectors(t *testing.T, s *Server, e ai.Embedder) {
	t.Helper()
	for name, tc := range map[string]struct {
		vectors [][]float32
		kind    ai.ErrorKind
	}{
		"too few":    {[][]float32{{1, 2}}, ai.Malformed},
		"too many":   {[][]float32{{1, 2}, {1, 2}, {1, 2}}, ai.Malformed},
		"empty":      {[][]float32{{1, 2}, {}}, ai.Malformed},
		"not alike":  {[][]float32{{1, 2}, {1}}, ai.Malformed},
		"not as one": {[][]float32{{1, 2, 3}, {1, 2, 3}}, ai.Unsupported},
	} {
		s.Push(Reply{Vectors: tc.vectors})
		_, err := e.Embed(t.Context(), &ai.EmbedRequest{Model: "test-model", Inputs: []string{"a", "b"}, Dimensions: 2})
		if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != tc.kind {
			t.Errorf("%s: got %v, want an error of kind %v", name, err, tc.kind)
		}
	}
	for name, req := range map[string]*ai.EmbedRequest{"nil": nil, "no model": {Inputs: []string{"a"}}, "no input": {Model: "m"}, "empty": {Model: "m", Inputs: []string{""}},
		"dimensions": {Model: "m", Inputs: []string{"a"}, Dimensions: -1}, "extra": {Model: "m", Inputs: []string{"a"}, Extra: map[string]json.RawMessage{"a": json.RawMessage("{")}}} {
		_, err := e.Embed(t.Context(), req)
		if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != ai.Invalid {
			t.Errorf("%s: got %v, want an error of kind invalid", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), impatience)
	defer cancel()
	s.Push(Reply{Fault: Stall, Pause: time.Hour})
	if _, err := e.Embed(ctx, &ai.EmbedRequest{Model: "test-model", Inputs: []string{"a"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silence: got %v, want the deadline", err)
	}
}

// FuzzEmbedder gives an adapter bodies of every kind: it does not panic, and what
// is no error is one vector for each input.
func FuzzEmbedder(f *testing.F, format Format, newEmbedder func(http.RoundTripper) (ai.Embedder, error)) {
	f.Helper()
	e := embedFormats[format]
	f.Add([]byte(text(e.write(nil, [][]float32{{1, 2.5}, {-3e-7, 4}}, Reply{}.filled()))))
	f.Add([]byte(text(e.write([]byte(`{"encoding_format":"base64"}`), [][]float32{{1, 2.5}, {-3e-7, 4}}, Reply{}.filled()))))
	f.Add(formats[format].fault(midway, http.StatusInternalServerError))
	f.Fuzz(func(t *testing.T, body []byte) {
		embedder, err := newEmbedder(Canned("application/json", body))
		if err != nil {
			t.Fatal(err)
		}
		out, err := embedder.Embed(t.Context(), &ai.EmbedRequest{Model: "m", Inputs: []string{"a", "b"}})
		if err == nil && (len(out.Vectors) != 2 || len(out.Vectors[0]) == 0 || len(out.Vectors[0]) != len(out.Vectors[1])) {
			t.Errorf("%q: got %+v", body, out)
		}
	})
}
