package flags

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/spelling"
	"github.com/modular-dashboard/dashboard/storage"
)

// An Import takes a document of flagd's over.
type Import struct {
	Document []byte
	// Replace deletes what the document does not have; otherwise it stays.
	Replace bool
	// DryRun tells what would be done, and does nothing.
	DryRun  bool
	By      Actor
	Comment string
	// Also runs in the transaction; its error undoes all.
	Also func(tx *storage.Tx, r Report) error
}

// A Report says what an import did, or would do.
type Report struct {
	Created, Changed, Deleted, Unchanged []ID
}

// Import makes all changes, or none. Errors: [*InvalidError], whose pointers
// lead into the document, [ErrFull].
func (s *Store) Import(ctx context.Context, in Import) (Report, error) {
	parts, err := readDocument(in.Document)
	if err != nil {
		return Report{}, err
	}
	var out Report
	var gen int64
	err = s.db.Update(ctx, func(tx *storage.Tx) error {
		out = Report{}
		var v *view
		var err error
		if gen, v, err = s.open(ctx, tx); err != nil {
			return err
		}
		if err := s.importInto(ctx, tx, gen, v, in, parts, &out); err != nil {
			return err
		}
		if in.DryRun || len(out.Created)+len(out.Changed)+len(out.Deleted) == 0 {
			return errUnchanged
		}
		return forget(ctx, tx)
	})
	if errors.Is(err, errUnchanged) {
		return out, nil
	}
	if err != nil {
		return Report{}, err
	}
	s.settle(ctx, gen)
	return out, nil
}

// readDocument parses a document on its own, so that errors lead into it.
func readDocument(document []byte) (map[ID]json.RawMessage, error) {
	if _, err := featureflag.Parse(document); err != nil {
		return nil, problemsIn(err)
	}
	parts, err := split(document)
	if err != nil {
		return nil, err
	}
	for id, definition := range parts {
		err := checkKey(id)
		if err == nil && len(definition) > MaxDefinition {
			err = checkDefinition(definition)
		}
		if bad, ok := errors.AsType[*InvalidError](err); ok {
			bad.Problems[0].Pointer = pointerTo(id)
			return nil, bad
		}
	}
	return parts, nil
}

// problemsIn tells errors in terms of a document.
func problemsIn(err error) error {
	list, ok := errors.AsType[featureflag.Errors](err)
	if !ok {
		return err
	}
	out := &InvalidError{}
	for _, e := range list {
		out.Problems = append(out.Problems, Problem{Pointer: e.Pointer, Line: e.Line, Column: e.Column, Code: e.Code, Detail: e.Detail})
	}
	return out
}

func pointerTo(id ID) string {
	key := spelling.PointerToken(id.Key)
	switch id.Kind {
	case Segment:
		return "/$evaluators/" + key
	case Set:
		return "/metadata"
	}
	return "/flags/" + key
}

// importInto writes what differs, and checks the set that comes out as a whole.
func (s *Store) importInto(ctx context.Context, tx *storage.Tx, gen int64, v *view, in Import, parts map[ID]json.RawMessage, out *Report) error {
	if in.Replace {
		for id := range v.stored() {
			if parts[id] == nil {
				out.Deleted = append(out.Deleted, id)
			}
		}
	}
	for id, definition := range parts {
		before, there := v.look(id)
		switch {
		case !there:
			out.Created = append(out.Created, id)
		case string(before.Definition) != string(definition):
			out.Changed = append(out.Changed, id)
		default:
			out.Unchanged = append(out.Unchanged, id)
		}
	}
	for _, list := range [][]ID{out.Created, out.Changed, out.Deleted, out.Unchanged} {
		slices.SortFunc(list, compareIDs)
	}
	var changed []Item
	for _, id := range slices.Concat(out.Created, out.Changed, out.Deleted) {
		changed = append(changed, draft(id, parts[id]))
	}
	set := map[ID]bool{}
	for _, it := range changed {
		set[it.ID] = true
		v.lay(it)
	}
	if v.count > MaxItems || v.bytes > MaxTotal {
		return ErrFull
	}
	// Rules that fail come along, as they do where the document came from.
	if _, err := featureflag.Parse(assemble(s.mended(v.definitions(), set), ID{})); err != nil {
		return problemsIn(err)
	}
	if in.DryRun {
		return nil
	}
	if err := s.writeAll(ctx, tx, gen, in, changed); err != nil || in.Also == nil {
		return err
	}
	return in.Also(tx, *out)
}

func (s *Store) writeAll(ctx context.Context, tx *storage.Tx, gen int64, in Import, changed []Item) error {
	versions, err := versionsOf(ctx, tx)
	if err != nil {
		return err
	}
	now := moment()
	for _, it := range changed {
		it.Version, it.At, it.By, it.Comment = versions[it.ID]+1, now, in.By, clip(in.Comment)
		if err := put(ctx, tx, gen, it); err != nil {
			return err
		}
	}
	return nil
}

func compareIDs(a, b ID) int {
	if a.Kind != b.Kind {
		return strings.Compare(string(a.Kind), string(b.Kind))
	}
	return strings.Compare(a.Key, b.Key)
}
