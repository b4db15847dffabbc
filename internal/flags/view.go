package flags

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// A view is all definitions at one moment: what the database holds goes before
// what a file holds.
type view struct {
	mu           sync.Locker // held while base and rows are read
	base, rows   map[ID]Item
	over         map[ID]Item // rows that are newer, deleted ones too
	special      map[ID]bool // see Store
	bytes, count int         // of rows with over
}

// lay puts a newer row over the view; one without a definition is an end.
func (v *view) lay(it Item) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if old, ok := v.row(it.ID); ok {
		v.bytes -= len(old.Definition)
		v.count--
	}
	if it.Definition != nil {
		v.bytes += len(it.Definition)
		v.count++
	}
	if v.over == nil {
		v.over = map[ID]Item{}
	}
	v.over[it.ID] = it
}

// row returns what the database holds of an id. v.mu is held.
func (v *view) row(id ID) (Item, bool) {
	if it, ok := v.over[id]; ok {
		return it, it.Definition != nil
	}
	it, ok := v.rows[id]
	return it, ok
}

// stored returns the ids of all rows.
func (v *view) stored() map[ID]bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make(map[ID]bool, v.count)
	for id := range v.rows {
		_, all[id] = v.row(id)
	}
	for id := range v.over {
		_, all[id] = v.row(id)
	}
	maps.DeleteFunc(all, func(_ ID, there bool) bool { return !there })
	return all
}

// look returns what counts.
func (v *view) look(id ID) (Item, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.item(id)
}

// item returns what counts. v.mu is held.
func (v *view) item(id ID) (Item, bool) {
	if it, ok := v.row(id); ok {
		return it, true
	}
	it, ok := v.base[id]
	return it, ok
}

// each calls fn with all that counts, in no order. v.mu is held.
func (v *view) each(fn func(Item)) {
	for id, it := range v.over {
		if it.Definition != nil {
			fn(it)
		} else if it, ok := v.base[id]; ok {
			fn(it)
		}
	}
	for id, it := range v.rows {
		if _, ok := v.over[id]; !ok {
			fn(it)
		}
	}
	for id, it := range v.base {
		_, newer := v.over[id]
		if _, ok := v.rows[id]; !ok && !newer {
			fn(it)
		}
	}
}

// eachSpecial calls fn with one item, those that are newer, and those that a
// change of a flag may touch. v.mu is held.
func (v *view) eachSpecial(id ID, fn func(Item)) {
	seen := map[ID]bool{}
	visit := func(id ID) {
		if it, ok := v.item(id); ok && !seen[id] {
			fn(it)
		}
		seen[id] = true
	}
	visit(id)
	for id := range v.over {
		visit(id)
	}
	for id := range v.special {
		visit(id)
	}
}

func (v *view) definitions() map[ID]json.RawMessage {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make(map[ID]json.RawMessage, len(v.rows)+len(v.base)+len(v.over))
	v.each(func(it Item) { all[it.ID] = it.Definition })
	return all
}

// affected returns the definitions that a change of one could make wrong, with
// all that they in turn need: far fewer than there are.
func (v *view) affected(id ID) map[ID]json.RawMessage {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[ID]json.RawMessage{}
	refers := func(Item) bool { return false }
	switch id.Kind {
	case Flag:
		refers = func(it Item) bool { return slices.Contains(it.needs, id.Key) }
	case Segment:
		name := quote(id.Key)
		refers = func(it Item) bool {
			return bytes.Contains(it.Definition, name) && bytes.Contains(it.Definition, []byte(`$ref`))
		}
	}
	var ask []string
	visit := func(it Item) {
		switch {
		case it.Kind != Flag:
			out[it.ID] = it.Definition
		case it.ID == id || refers(it):
			ask = append(ask, it.Key)
		}
	}
	if id.Kind == Flag {
		v.eachSpecial(id, visit)
	} else {
		v.each(visit)
	}
	for len(ask) > 0 {
		it, ok := v.item(flagID(ask[0]))
		ask = ask[1:]
		if _, seen := out[it.ID]; ok && !seen {
			out[it.ID] = it.Definition
			ask = append(ask, it.needs...)
		}
	}
	return out
}

// A Problem is something wrong with a definition.
type Problem struct {
	// Other is the flag or segment that would be wrong because of the change; zero
	// where it is the definition itself.
	Other ID
	// Pointer is where, as a JSON Pointer into the definition.
	Pointer string
	// Line and Column are where, from 1; 0 is unknown.
	Line, Column int
	Code, Detail string
}

// An InvalidError is a change that would leave the set wrong.
type InvalidError struct{ Problems []Problem }

// Error implements error.
func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return "the definition is not valid"
	}
	p := e.Problems[0]
	text := fmt.Sprintf("the definition is not valid: %s %s", p.Pointer, p.Detail)
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// check compiles what a change of an item affects. The set that comes out holds
// no more than that. Rules that fail are refused, but for those of known items:
// they fail already, which is not for this change to mend.
func check(affected map[ID]json.RawMessage, id ID, known map[ID]bool) (*featureflag.Set, error) {
	set, err := featureflag.Parse(assemble(affected, id))
	out := &InvalidError{}
	if err != nil {
		list, ok := errors.AsType[featureflag.Errors](err)
		if !ok {
			return nil, err
		}
		for _, e := range list {
			out.Problems = append(out.Problems, problemOf(e, id))
		}
		return nil, out
	}
	for _, e := range set.Problems() {
		if at, _ := owner(e.Pointer); !known[at] {
			out.Problems = append(out.Problems, problemOf(e, id))
		}
	}
	if len(out.Problems) > 0 {
		return nil, out
	}
	return set, nil
}

// Warnings are what nothing reads in the definition of a flag: members that are
// misspelled.
func Warnings(key string, definition json.RawMessage) []Problem {
	if !json.Valid(definition) { // an error, which says so
		return nil
	}
	id := ID{Kind: Flag, Key: key}
	var out []Problem
	for _, e := range featureflag.Lint(assemble(map[ID]json.RawMessage{id: definition}, id)) {
		out = append(out, problemOf(e, id))
	}
	return out
}

// problemOf tells an error in terms of the definition that is checked: it is the
// first of its document, and begins on the second line.
func problemOf(e *featureflag.Error, id ID) Problem {
	at, rest := owner(e.Pointer)
	p := Problem{Pointer: rest, Code: e.Code, Detail: e.Detail}
	if at != id && at != (ID{}) {
		p.Other, p.Pointer = at, e.Pointer
		return p
	}
	if at == (ID{}) {
		p.Pointer = ""
	}
	if e.Line > 1 {
		p.Line, p.Column = e.Line-1, e.Column
	}
	return p
}

// owner finds the item that a pointer into a document leads to, and the rest of
// the pointer.
func owner(pointer string) (id ID, rest string) {
	for prefix, kind := range map[string]Kind{"/flags/": Flag, "/$evaluators/": Segment} {
		if rest, ok := strings.CutPrefix(pointer, prefix); ok {
			key, rest, more := strings.Cut(rest, "/")
			if more {
				rest = "/" + rest
			}
			return ID{kind, strings.NewReplacer("~1", "/", "~0", "~").Replace(key)}, rest
		}
	}
	if pointer == "/metadata" || strings.HasPrefix(pointer, "/metadata/") {
		return metadataID, strings.TrimPrefix(pointer, "/metadata")
	}
	return ID{}, pointer
}

// Check tells what is wrong with a definition in the set as this instance knows
// it; nil where nothing is.
func (s *Store) Check(id ID, definition json.RawMessage) error {
	_, err := s.Draft(id, definition)
	return err
}

// Draft compiles a definition in the set as this instance knows it, without
// putting it in force: what comes out answers for the item and for what it
// needs. Errors: [*InvalidError].
func (s *Store) Draft(id ID, definition json.RawMessage) (*featureflag.Set, error) {
	if err := checkDefinition(definition); err != nil {
		return nil, err
	}
	v, _ := s.present()
	v.lay(draft(id, definition))
	return check(s.mended(v.affected(id), map[ID]bool{id: true}), id, s.failing(id))
}

// mended replaces what is damaged by what is in force of it, but for what a
// change sets: it is not for this change to mend, and must not be in its way.
func (s *Store) mended(all map[ID]json.RawMessage, set map[ID]bool) map[ID]json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.damaged {
		good, ok := s.good[id]
		switch _, there := all[id]; {
		case !there || set[id]:
		case ok:
			all[id] = good
		default:
			delete(all, id)
		}
	}
	return all
}

// failing are the items whose rules fail in the set in force, without one.
func (s *Store) failing(but ID) map[ID]bool {
	out := map[ID]bool{}
	for _, e := range s.into.Snapshot().Problems() {
		if id, _ := owner(e.Pointer); id != but {
			out[id] = true
		}
	}
	return out
}

func draft(id ID, definition json.RawMessage) Item {
	it := Item{ID: id, Definition: definition}
	if id.Kind == Flag {
		it.needs = needsOf(definition)
	}
	return it
}

// checkDefinition refuses what cannot be put in a document at all.
func checkDefinition(definition json.RawMessage) error {
	if len(definition) > MaxDefinition {
		return invalid("size", fmt.Sprintf("a definition has at most %d bytes", MaxDefinition))
	}
	if json.Valid(definition) {
		if sound(definition) {
			return nil
		}
		return invalid("type", "want an object")
	}
	var ignored any
	err := json.Unmarshal(definition, &ignored)
	p := Problem{Code: "syntax", Detail: "the text is no JSON"}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := definition[:min(max(int(e.Offset)-1, 0), len(definition))]
		p.Line, p.Column = bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')
		p.Detail = e.Error()
	}
	return &InvalidError{Problems: []Problem{p}}
}

func invalid(code, detail string) error {
	return &InvalidError{Problems: []Problem{{Code: code, Detail: detail}}}
}
