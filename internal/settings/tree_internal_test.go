package settings

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// The pure parts are tested from inside, by laws that must hold for every input.

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{}`, ``, ` {"a":[1,{"b":null}],"c":1e400} `, `{"a":1,"a":2}`, `{"\u0061":1,"a":2}`, `[1,]`, `{"a":1}}`,
		`{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":` + strings.Repeat(`[`, 100), `null`, `{"a":tru}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := parse(raw)
		if err != nil {
			return
		}
		if len(bytes.TrimSpace(raw)) > 0 {
			if !json.Valid(raw) {
				t.Fatalf("took %q, which is not JSON", raw)
			}
			// What we accept we read as everybody does.
			var want object
			dec := json.NewDecoder(bytes.NewReader(raw))
			dec.UseNumber()
			if err := dec.Decode(&want); err != nil || !reflect.DeepEqual(o, want) {
				t.Fatalf("%q: got %v, want %v, %v", raw, o, want, err)
			}
		}
		text, err := encode(o)
		if err != nil {
			t.Fatalf("encode %v: %v", o, err)
		}
		again, err := parse(text)
		if err != nil || !reflect.DeepEqual(o, again) {
			t.Fatalf("%q became %s, which is %v, %v", raw, text, again, err)
		}
	})
}

func FuzzMergeAndDiff(f *testing.F) {
	f.Add(`{"a":1,"s":{"x":1,"y":{"z":2}}}`, `{"s":{"y":{"z":3,"q":4}},"b":[]}`)
	f.Add(`{"s":{}}`, `{"s":1}`)
	f.Add(`{"s":{"x":{}}}`, `{"s":{"x":null}}`)
	f.Add(`{"a/b~":{"":1}}`, `{"a/b~":{"":{"~1":2}}}`)
	f.Add(`{"m":{"k":1}}`, `{"m":{}}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		base, err1 := parse([]byte(first))
		top, err2 := parse([]byte(second))
		if err1 != nil || err2 != nil {
			return
		}
		s := shapeOf(base)
		before, _ := encode(base)

		known, unknown := split(top, s)
		if got := union(known, unknown); !reflect.DeepEqual(got, top) {
			t.Fatalf("parts %v and %v make %v, want %v", known, unknown, got, top)
		}
		if bad := unknownFields(known, s, ""); len(bad) > 0 {
			t.Fatalf("the known part has unknown fields: %v", bad)
		}
		if bad := unknownFields(top, s, ""); (len(bad) > 0) != (len(unknown) > 0) {
			t.Fatalf("unknown fields %v, unknown part %v", bad, unknown)
		}

		merged := overlay(base, known, s)
		if again := overlay(merged, known, s); !reflect.DeepEqual(again, merged) {
			t.Fatalf("overlay twice: got %v, want %v", again, merged)
		}
		if got := overlay(base, object{}, s); !reflect.DeepEqual(got, base) {
			t.Fatalf("overlay of nothing: got %v, want %v", got, base)
		}

		if strings.Contains(first+second, ".") || strings.Contains(first+second, `\`) {
			return // a name with a dot cannot be told from a path
		}
		changes, err := diff(base, merged, s, "")
		if err != nil {
			t.Fatal(err)
		}
		rebuilt := base
		for _, c := range changes {
			path := strings.Split(c.Field, ".")
			if bytes.Equal(c.Before, c.After) {
				t.Fatalf("no change: %+v", c)
			}
			var after any
			dec := json.NewDecoder(bytes.NewReader(c.After))
			dec.UseNumber()
			if err := dec.Decode(&after); err != nil {
				t.Fatal(err)
			}
			rebuilt = put(rebuilt, path, after)
		}
		if !reflect.DeepEqual(rebuilt, merged) {
			t.Fatalf("base %s and changes %+v make %v, want %v", before, changes, rebuilt, merged)
		}
		if now, _ := encode(base); !bytes.Equal(now, before) {
			t.Fatalf("the base was changed from %s to %s", before, now)
		}
	})
}

func FuzzPointer(f *testing.F) {
	for _, seed := range []string{"/a", "/a/b~0c~1", "a", "/", "/~", "/~2", "//"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pointer string) {
		path, err := parsePointer(pointer)
		if err != nil {
			return
		}
		again := ""
		for _, name := range path {
			again += "/" + escape(name)
		}
		if again != pointer {
			t.Fatalf("got %q from %q", again, pointer)
		}
		o := put(object{"other": true}, path, "v")
		rest, v, found := take(o, path)
		if path[0] == "other" && len(path) > 1 {
			return // a value is in the way
		}
		if !found || v != "v" {
			t.Fatalf("%q: put and took %v, %v", pointer, v, found)
		}
		if _, _, found := take(rest, path); found {
			t.Fatalf("%q: still there after take", pointer)
		}
	})
}
