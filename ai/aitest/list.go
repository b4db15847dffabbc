package aitest

import (
	"net/http"
	"slices"
)

// lists are where formats list models, and how: a page from the model at.
var lists = map[string]func(r *http.Request, names []string) object{
	"/openai/v1/models": func(_ *http.Request, names []string) object {
		return object{"object": "list", "data": entries(names, func(n string) object { return object{"id": n, "object": "model", "created": 1, "owned_by": "test"} })}
	},
	"/anthropic/v1/models": func(r *http.Request, names []string) object {
		page, more := pageAfter(names, r.FormValue("after_id"))
		o := object{"data": entries(page, func(n string) object { return object{"id": n, "type": "model", "created_at": "1970-01-01T00:00:01Z"} }), "has_more": more}
		if len(page) > 0 {
			o["first_id"], o["last_id"] = page[0], page[len(page)-1]
		}
		return o
	},
	"/gemini/v1beta/models": func(r *http.Request, names []string) object {
		page, more := pageAfter(names, r.FormValue("pageToken"))
		o := object{"models": append(entries(page, func(n string) object {
			return object{"name": "models/" + n, "supportedGenerationMethods": []string{"generateContent", "countTokens"}}
		}), object{"name": "models/embeds-only", "supportedGenerationMethods": []string{"embedContent"}})}
		if more {
			o["nextPageToken"] = page[len(page)-1]
		}
		return o
	},
	"/ollama/api/tags": func(_ *http.Request, names []string) object {
		return object{"models": entries(names, func(n string) object { return object{"name": n, "model": n, "modified_at": "1970-01-01T00:00:01Z"} })}
	},
}

// pageAfter returns the two models that come after one.
func pageAfter(names []string, after string) (page []string, more bool) {
	names = names[slices.Index(names, after)+1:]
	return names[:min(2, len(names))], len(names) > 2
}

func entries(names []string, entry func(string) object) []object {
	out := make([]object, len(names))
	for i, n := range names {
		out[i] = entry(n)
	}
	return out
}

// List makes the server list models, in the format of every provider that lists
// some; without names, as in the beginning, there is no such list. These requests
// are not among [Server.Requests], and no [Reply] is for them.
func (s *Server) List(models ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = slices.Clone(models)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	names := s.listed
	s.mu.Unlock()
	if len(names) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(text(lists[r.URL.Path](r, names))))
}
