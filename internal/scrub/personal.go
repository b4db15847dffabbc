package scrub

import (
	"net/netip"
	"strings"
)

func letter(c byte) bool { return words[c] && !digits[c] }

// email finds addresses in ASCII; letters of other scripts are around them.
func email(v view) (match, bool) {
	const mostLocal, mostDomain = 64, 253
	if locals[v.prev] {
		return match{}, false
	}
	local, more := v.run(0, mostLocal+1, locals)
	if more || local > mostLocal {
		return match{}, more
	}
	ok, more := v.has(local, "@")
	if !ok {
		return match{}, more
	}
	n, more := v.run(local+1, mostDomain+1, domains)
	if more || n > mostDomain {
		return match{}, more
	}
	domain := v.t[local+1 : local+1+n]
	for {
		domain = strings.TrimRight(domain, ".-")
		dot := strings.LastIndexByte(domain, '.')
		if dot <= 0 {
			return match{}, false
		}
		if top := domain[dot+1:]; len(top) >= 2 && letter(top[0]) && letter(top[len(top)-1]) {
			return match{kind: Email, to: local + 1 + len(domain)}, false
		}
		domain = domain[:dot]
	}
}

// groups reads digits in groups with single separators between them, up to most
// digits. It calls end after each group with the number of digits and where it
// ends; a group is read whole. more says that it may go on.
func groups(v view, i, most int, of *class, separators string, end func(n, at int)) (more bool) {
	n := 0
	for {
		size, more := v.run(i, most-n+1, of)
		if more {
			return true
		}
		if size == 0 || n+size > most {
			return false
		}
		n, i = n+size, i+size
		end(n, i)
		if i == len(v.t) {
			return !v.final
		}
		if strings.IndexByte(separators, v.t[i]) < 0 {
			return false
		}
		if i++; i == len(v.t) {
			return !v.final
		}
	}
}

// card finds the number of a payment card, by its check digit.
func card(v view) (match, bool) {
	if v.prev == '.' { // of a fraction
		return match{}, false
	}
	var m match
	more := groups(v, 0, 19, digits, " -", func(n, at int) {
		if n >= 13 && luhn(v.t[:at]) && (at == len(v.t) || !wordByte(v.t[at])) {
			m = match{kind: Card, to: at}
		}
	})
	return m, more
}

func luhn(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if !digits[s[i]] {
			continue
		}
		d := int(s[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}

// iban finds an international bank account number, by its check digits.
func iban(v view) (match, bool) {
	for i := range 4 {
		if i == len(v.t) {
			return match{}, !v.final
		}
		if i < 2 && !(uppers[v.t[i]] && !digits[v.t[i]]) || i >= 2 && !digits[v.t[i]] {
			return match{}, false
		}
	}
	var m match
	more := groups(v, 0, 34, uppers, " ", func(n, at int) {
		if n >= 15 && (at == len(v.t) || !wordByte(v.t[at])) && mod97(v.t[:at]) {
			m = match{kind: IBAN, to: at}
		}
	})
	return m, more
}

func mod97(s string) bool {
	rest := 0
	for _, part := range [...]string{s[4:], s[:4]} {
		for i := range len(part) {
			switch c := part[i]; {
			case digits[c]:
				rest = (rest*10 + int(c-'0')) % 97
			case (uppers[c] && !digits[c]):
				rest = (rest*100 + int(c-'A') + 10) % 97
			}
		}
	}
	return rest == 1
}

// phone finds numbers that begin with + and a country, those of North America in
// three groups, and those that begin with 0 and have a separator after the area.
func phone(v view) (match, bool) {
	switch {
	case v.t[0] == '+':
		return international(v)
	case v.t[0] == '0':
		return national(v)
	}
	return american(v)
}

// international looks at most 40 bytes ahead.
func international(v view) (m match, more bool) {
	n, i := 0, 1
	for ; i < len(v.t) && i < 40; i++ {
		c := v.t[i]
		switch {
		case digits[c]:
			if n++; n == 1 && c == '0' || n > 15 {
				return match{}, false
			}
			continue
		case !between[c] || i == 1 && c != '(' || between[v.t[i-1]] && c != '(' && v.t[i-1] != ')':
		case n < 15 || !between[c]:
			continue
		}
		break
	}
	if i == len(v.t) && i < 40 && !v.final {
		return match{}, true
	}
	for i > 0 && !digits[v.t[i-1]] {
		i--
	}
	if n < 8 {
		return match{}, false
	}
	if ok, more := v.ended(i); !ok {
		return match{}, more
	}
	return match{kind: Phone, to: i}, false
}

// national takes 9 to 12 digits, of which 3 to 5 are the area.
func national(v view) (m match, more bool) {
	area := 0
	more = groups(v, 0, 12, digits, " /-", func(n, at int) {
		if area == 0 {
			area = n
		}
		if area >= 3 && area <= 5 && n > area && n >= 9 && (at == len(v.t) || !wordByte(v.t[at])) {
			m = match{kind: Phone, to: at}
		}
	})
	return m, more
}

// american takes (555) 123-4567, 555-123-4567 and the like.
func american(v view) (match, bool) {
	i := 0
	part := func(n int) (ok, more bool) {
		size, more := v.run(i, n+1, digits)
		i += size
		return size == n, more
	}
	paren := v.t[0] == '('
	if paren {
		i++
	}
	for group, size := range [...]int{3, 3, 4} {
		if ok, more := part(size); !ok || more {
			return match{}, more
		}
		if group == 2 {
			break
		}
		if group == 0 && paren {
			ok, more := v.has(i, ")")
			if !ok {
				return match{}, more
			}
			i++
			if i < len(v.t) && digits[v.t[i]] {
				continue
			}
		}
		if i == len(v.t) {
			return match{}, !v.final
		}
		if strings.IndexByte(" .-", v.t[i]) < 0 {
			return match{}, false
		}
		i++
	}
	if ok, more := v.ended(i); !ok {
		return match{}, more
	}
	return match{kind: Phone, to: i}, false
}

// address finds IP addresses.
func address(v view) (match, bool) {
	const most = 45
	if v.prev == '.' || v.prev == ':' {
		return match{}, false
	}
	n, more := v.run(0, most+1, hexes)
	if more || n > most {
		return match{}, more
	}
	text := strings.TrimRight(v.t[:n], ".")
	if ok, more := v.ended(len(text)); !ok && len(text) == n {
		return match{}, more
	}
	if _, err := netip.ParseAddr(text); err != nil || len(text) < 4 {
		return match{}, false
	}
	return match{kind: IP, to: len(text)}, false
}
