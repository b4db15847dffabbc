package ai

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// cacheHeader takes what a client says of caches in the field Cache-Control (RFC
// 9111, section 5.2.1): no-cache wants a new answer, no-store one that is not kept.
func cacheHeader(r *http.Request) *http.Request {
	fields := r.Header.Values("Cache-Control")
	if len(fields) == 0 {
		return r
	}
	c := CacheControlOf(r.Context())
	for word := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		switch word = strings.TrimSpace(word); {
		case strings.EqualFold(word, "no-cache"):
			c.NoLookup = true
		case strings.EqualFold(word, "no-store"):
			c.NoStore = true
		}
	}
	return r.WithContext(WithCacheControl(r.Context(), c))
}

// embedBody is a request for embeddings in OpenAI's format.
type embedBody struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Encoding   string          `json:"encoding_format"`
	Dimensions *int            `json:"dimensions"`
	User       string          `json:"user"`
}

func readEmbed(body []byte) (req *EmbedRequest, base64ed bool, bad *fault) {
	var in embedBody
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, false, unreadable(err)
	}
	req, err := in.request()
	if err == nil {
		err = req.Validate()
	}
	if err == nil {
		return req, in.Encoding == "base64", nil
	}
	f := fault{Message: err.Error(), Type: "invalid_request_error", Code: "invalid_value"}
	if one, ok := errors.AsType[*fieldError](err); ok {
		f.Param, f.Code = one.param, one.code
	} else if e, ok := errors.AsType[*Error](err); ok {
		f.Message = e.Message
	}
	return nil, false, &f
}

func (in *embedBody) request() (*EmbedRequest, error) {
	req := &EmbedRequest{Model: in.Model, User: in.User}
	switch in.Encoding {
	case "", "float", "base64":
	default:
		return nil, unsupported("encoding_format")
	}
	if in.Dimensions != nil {
		if *in.Dimensions <= 0 {
			return nil, wrong("dimensions", "Dimensions are above 0.")
		}
		req.Dimensions = *in.Dimensions
	}
	input := bytes.TrimSpace(in.Input)
	switch {
	case len(input) == 0 || string(input) == "null":
		return nil, wrong("input", "The request has no input.")
	case input[0] == '"':
		req.Inputs = make([]string, 1)
		if err := json.Unmarshal(input, &req.Inputs[0]); err != nil {
			return nil, wrong("input", "The input cannot be read.")
		}
	default:
		if err := json.Unmarshal(input, &req.Inputs); err != nil {
			return nil, &fieldError{"input", "This gateway takes texts for input, and no tokens.", "unsupported_parameter"}
		}
	}
	for i, s := range req.Inputs {
		if s == "" {
			return nil, wrong("input["+strconv.Itoa(i)+"]", "The input is empty.")
		}
	}
	return req, nil
}

// embeddings answers a request for embeddings.
func (g *Gateway) embeddings(w http.ResponseWriter, r *http.Request) {
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	req, base64ed, bad := readEmbed(body)
	if bad != nil {
		writeFault(w, http.StatusBadRequest, *bad, 0)
		return
	}
	out, err := EmbedderOf(g.Model).Embed(r.Context(), req)
	if err != nil {
		status, f, after := g.failure(r.Context(), req.Model, err)
		writeFault(w, status, f, after)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	b := appendEmbeddings(nil, out, cmp.Or(out.Model, req.Model), base64ed)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(b)
}

func appendEmbeddings(b []byte, out *Embeddings, model string, base64ed bool) []byte {
	b = append(b, `{"object":"list","data":[`...)
	for i, v := range out.Vectors {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendInt(append(b, `{"object":"embedding","index":`...), int64(i), 10), `,"embedding":`...)
		if base64ed {
			raw := make([]byte, 0, 4*len(v))
			for _, x := range v {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
			}
			b = append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), `"}`...)
			continue
		}
		b = append(b, '[')
		for j, x := range v {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendFloat(b, x)
		}
		b = append(b, "]}"...)
	}
	b = appendQuoted(append(b, `],"model":`...), model)
	used := strconv.FormatInt(out.Usage.Input, 10)
	return append(b, `,"usage":{"prompt_tokens":`+used+`,"total_tokens":`+used+`}}`...)
}

// appendFloat writes a number as JSON has it; the finite are all there are.
func appendFloat(b []byte, x float32) []byte {
	format := byte('f')
	if a := math.Abs(float64(x)); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, float64(x), format, -1, 32)
}
