package auth

// A Permission is a registered permission of one [Authority], ready to be
// checked. The zero value is granted to nobody.
type Permission struct {
	name string
	bit  uint32 // index + 1, so that the zero value has none
}

// Name returns the dotted name, "" for the zero value.
func (p Permission) Name() string { return p.name }

// IsZero reports whether p is no registered permission.
func (p Permission) IsZero() bool { return p.bit == 0 }

// String returns the name.
func (p Permission) String() string { return p.name }
