package scrub

// structure passes what is of JSON's own at the beginning of t: quotes and escapes.
// After an escape a word may begin whatever its last letter is.
func (s *Stream) structure(t string, final bool) (n int, ok bool) {
	switch {
	case t[0] == '"':
		s.inString, s.prev = !s.inString, '"'
		return 1, true
	case t[0] == '\\' && s.inString:
		n = escapeLen(t)
		if n > len(t) {
			if !final {
				return 0, true
			}
			n = len(t)
		}
		s.prev = 0
		return n, true
	}
	return 0, false
}

// escapeLen is the length of the escape that t begins with, which may be more than
// there is of it.
func escapeLen(t string) int {
	if len(t) > 1 && t[1] == 'u' {
		return 6
	}
	return 2
}

// fit makes a match fit into JSON: within a string it may stand; outside of one it
// has to be a whole value, and becomes a string.
func (s *Stream) fit(v view, m match) (_ match, more bool) {
	in := s.inString
	for i := 0; i < m.from; {
		switch {
		case v.t[i] == '"':
			in = !in
			i++
		case v.t[i] == '\\' && in:
			i += escapeLen(v.t[i:])
		default:
			i++
		}
	}
	if in {
		s.inString = true
		return m, false
	}
	if m.from > 0 || m.goesOn != ends || !delimiter(v.prev) {
		return match{}, false
	}
	switch {
	case m.to < len(v.t) && !delimiter(v.t[m.to]):
		return match{}, false
	case m.to == len(v.t) && !v.final:
		return match{}, true
	}
	m.quote = true
	return m, false
}

func delimiter(c byte) bool {
	switch c {
	case 0, ' ', '\t', '\r', '\n', ',', ':', '[', ']', '{', '}':
		return true
	}
	return false
}
