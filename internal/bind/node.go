package bind

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// node decodes JSON into one type. It is built once per type.
type node struct {
	decode func(d *decoder, v reflect.Value) bool
}

var (
	timeType            = reflect.TypeFor[time.Time]()
	durationType        = reflect.TypeFor[time.Duration]()
	numberType          = reflect.TypeFor[json.Number]()
	unmarshalerType     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// nodes builds the nodes of one plan; types may refer to themselves.
type nodes struct {
	validate *validator.Validate
	built    map[reflect.Type]*node
}

func (b *Binder) nodes() nodes {
	return nodes{validate: b.validate, built: map[reflect.Type]*node{}}
}

func (ns nodes) of(t reflect.Type) (*node, error) {
	if n := ns.built[t]; n != nil {
		return n, nil
	}
	n := &node{}
	ns.built[t] = n
	if err := ns.build(n, t); err != nil {
		return nil, err
	}
	return n, nil
}

func (ns nodes) build(n *node, t reflect.Type) error {
	switch {
	case t == timeType:
		n.decode = decodeTime
		return nil
	case t == durationType:
		n.decode = decodeDuration
		return nil
	case t == numberType:
		n.decode = decodeNumber
		return nil
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(unmarshalerType):
		n.decode = decodeUnmarshaler
		return nil
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(textUnmarshalerType):
		n.decode = decodeText
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		n.decode = decodeString
	case reflect.Bool:
		n.decode = decodeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.decode = decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n.decode = decodeUint
	case reflect.Float32, reflect.Float64:
		n.decode = decodeFloat
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("interface type %s cannot be decoded", t)
		}
		n.decode = decodeAny
	case reflect.Pointer:
		return ns.pointer(n, t)
	case reflect.Slice:
		return ns.slice(n, t)
	case reflect.Array:
		return ns.array(n, t)
	case reflect.Map:
		return ns.mapping(n, t)
	case reflect.Struct:
		fields, err := shape.JSONFields(t)
		if err != nil {
			return err
		}
		if err := noSources(t); err != nil {
			return err
		}
		return ns.structure(n, t, fields)
	default:
		return fmt.Errorf("type %s cannot be decoded from JSON", t)
	}
	return nil
}

// noSources refuses parameter tags where they would be ignored.
func noSources(t reflect.Type) error {
	for sf := range t.Fields() {
		for _, tag := range []string{"path", "query", "header", "body"} {
			if _, ok := sf.Tag.Lookup(tag); ok {
				return fmt.Errorf("field %s.%s has a %s tag inside the body; only the input struct itself may", t, sf.Name, tag)
			}
		}
	}
	return nil
}

func (ns nodes) pointer(n *node, t reflect.Type) error {
	elem, err := ns.of(t.Elem())
	if err != nil {
		return err
	}
	size := int(t.Elem().Size())
	n.decode = func(d *decoder, v reflect.Value) bool {
		if d.next() == 'n' {
			v.SetZero()
			return d.literal("null")
		}
		if !d.spend(size) {
			return false
		}
		p := reflect.New(t.Elem())
		if !v.IsNil() { // merging: never write to what others may point to
			p.Elem().Set(v.Elem())
		}
		ok := elem.decode(d, p.Elem())
		v.Set(p)
		return ok
	}
	return nil
}

func (ns nodes) slice(n *node, t reflect.Type) error {
	elem := t.Elem()
	if elem.Kind() == reflect.Uint8 && !reflect.PointerTo(elem).Implements(unmarshalerType) &&
		!reflect.PointerTo(elem).Implements(textUnmarshalerType) {
		n.decode = decodeBytes
		return nil
	}
	en, err := ns.of(elem)
	if err != nil {
		return err
	}
	empty := reflect.MakeSlice(t, 0, 0)
	size := int(elem.Size())
	n.decode = func(d *decoder, v reflect.Value) bool {
		if d.next() != '[' {
			return d.mismatch("an array")
		}
		if !d.open() {
			return false
		}
		v.Set(empty) // merging: never write to a shared backing array
		for i := 0; ; i++ {
			more, ok := d.more(']', i == 0)
			if !more {
				return ok
			}
			if !d.spend(size) {
				return false
			}
			v.Grow(1)
			v.SetLen(i + 1)
			d.push(step{index: i})
			if !en.decode(d, v.Index(i)) {
				return false
			}
			d.pop()
		}
	}
	return nil
}

func (ns nodes) array(n *node, t reflect.Type) error {
	elem, err := ns.of(t.Elem())
	if err != nil {
		return err
	}
	want := "an array of exactly " + strconv.Itoa(t.Len()) + " elements"
	n.decode = func(d *decoder, v reflect.Value) bool {
		if d.next() != '[' {
			return d.mismatch(want)
		}
		if !d.open() {
			return false
		}
		for i := 0; ; i++ {
			more, ok := d.more(']', i == 0)
			if !more {
				if ok && i != t.Len() {
					d.report("type", "must be "+want)
				}
				return ok
			}
			d.push(step{index: i})
			if i < t.Len() {
				v.Index(i).SetZero()
				ok = elem.decode(d, v.Index(i))
			} else {
				ok = d.skip(d.dup)
			}
			if !ok {
				return false
			}
			d.pop()
		}
	}
	return nil
}

func (ns nodes) mapping(n *node, t reflect.Type) error {
	elem, err := ns.of(t.Elem())
	if err != nil {
		return err
	}
	key, err := textSetter(t.Key())
	if err != nil || t.Key().Kind() == reflect.Bool || t.Key().Kind() == reflect.Float32 || t.Key().Kind() == reflect.Float64 {
		return fmt.Errorf("map key type of %s cannot be decoded", t)
	}
	size := int(t.Key().Size() + t.Elem().Size())
	n.decode = func(d *decoder, v reflect.Value) bool {
		if d.next() != '{' {
			return d.mismatch("an object")
		}
		if !d.open() {
			return false
		}
		m := reflect.MakeMap(t)
		v.Set(m)
		k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for first := true; ; first = false {
			more, ok := d.more('}', first)
			if !more {
				return ok
			}
			if !d.spend(size) || !d.member(m, key, k, elem, e) {
				return false
			}
		}
	}
	return nil
}

// member reads one member of a map; k and e are scratch for the key and the element.
func (d *decoder) member(m reflect.Value, key setter, k reflect.Value, elem *node, e reflect.Value) bool {
	raw, ok := d.key()
	if !ok {
		return false
	}
	name := string(raw)
	d.push(step{name: name, index: -1})
	k.SetZero()
	e.SetZero()
	if detail := key(k, name); detail != "" {
		d.report("type", "has a key that "+detail)
		ok = d.skip(d.dup)
	} else {
		if m.MapIndex(k).IsValid() {
			d.duplicate()
		}
		ok = elem.decode(d, e)
		m.SetMapIndex(k, e)
	}
	if ok {
		d.pop()
	}
	return ok
}
