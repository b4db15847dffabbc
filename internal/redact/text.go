package redact

import "strings"

// text finds secrets in running text. It reads s once and returns it as it is
// where there is none. The rules, each at the byte that gives it away:
//
//	user:password@        in an address, after ://
//	key=value, "key":"v"  where the key is that of a secret
//	Bearer …, Basic …     as in an Authorization header
//	eyJ….….…              a JSON Web Token
//	dsh_…, sk-…, ghp_… …  keys with a known prefix
//	#…                    the token of a set-up link
//	-----BEGIN …          a private key in PEM
func (r *Redactor) text(s string) (string, bool) {
	s, known := r.hideKnown(s)
	var out strings.Builder
	done := 0 // s[:done] is in out
	for i := 0; i < len(s); {
		from, to := r.secretAt(s, i)
		if to <= from {
			i++
			continue
		}
		if s[from:to] != Mark {
			out.WriteString(s[done:from])
			out.WriteString(Mark)
			done = to
		}
		i = max(to, i+1)
	}
	if done == 0 {
		return s, known
	}
	out.WriteString(s[done:])
	return out.String(), true
}

// secretAt returns where the secret is that byte i gives away, if it does. It
// begins at i or after it.
func (r *Redactor) secretAt(s string, i int) (from, to int) {
	switch s[i] {
	case ':':
		if strings.HasPrefix(s[i:], "://") {
			return userinfo(s, i+3)
		}
		return r.pair(s, i)
	case '=':
		return r.pair(s, i)
	case '#':
		return setupLink(s, i)
	case 'b', 'B':
		return scheme(s, i)
	case '-':
		return pem(s, i)
	case 'e':
		return jwt(s, i)
	case 'd', 's', 'A', 'g', 'x':
		return prefixed(s, i)
	}
	return 0, 0
}

// userinfo finds the password of an address whose authority begins at i.
func userinfo(s string, i int) (from, to int) {
	end := i
	for end < len(s) && !strings.ContainsRune("/?# \t\r\n\"'<>`", rune(s[end])) {
		end++
	}
	at := strings.LastIndexByte(s[i:end], '@')
	if at < 0 {
		return 0, 0
	}
	colon := strings.IndexByte(s[i:i+at], ':')
	if colon < 0 {
		return 0, 0
	}
	return i + colon + 1, i + at
}

// pair finds the value of a secret's key that ends before the sign at i.
func (r *Redactor) pair(s string, i int) (from, to int) {
	end := i
	quote := byte(0)
	if end > 0 && (s[end-1] == '"' || s[end-1] == '\'') {
		quote = s[end-1]
		end--
		if end > 0 && s[end-1] == '\\' { // JSON inside a quoted string
			end--
		}
	}
	start := end
	for start > 0 && end-start < maxKey && keyByte(s[start-1]) {
		start--
	}
	if start == end || r.keyKind(s[start:end]) == keyOpen {
		return 0, 0
	}
	from = i + 1
	if s[i] == ':' && quote == 0 {
		return r.afterColon(s, start, end, from)
	}
	for from < len(s) && s[from] == ' ' {
		from++
	}
	to = valueEnd(s, &from)
	return from, to
}

// afterColon is careful with prose: "invalid token: it has expired" tells no
// token. A header tells one, and so does %+v, which puts no space there.
func (r *Redactor) afterColon(s string, start, end, from int) (int, int) {
	if from >= len(s) {
		return 0, 0
	}
	if s[from] != ' ' {
		to := valueEnd(s, &from)
		return from, to
	}
	switch fold(s[start:end]) {
	case "authorization", "proxyauthorization", "cookie", "setcookie", "xapikey":
		from++
		if strings.HasPrefix(s[from:], Mark) {
			return from, from + len(Mark)
		}
		if n := strings.IndexAny(s[from:], "\r\n\"]"); n >= 0 {
			return from, from + n
		}
		return from, len(s)
	}
	return 0, 0
}

// valueEnd returns where the value ends that begins at from, which it moves
// past an opening quote.
func valueEnd(s string, from *int) int {
	i := *from
	if strings.HasPrefix(s[i:], Mark) {
		return i + len(Mark)
	}
	if i < len(s) && s[i] == '\\' && i+1 < len(s) && s[i+1] == '"' {
		*from = i + 2
		if n := strings.Index(s[*from:], `\"`); n >= 0 {
			return *from + n
		}
		return len(s)
	}
	if i < len(s) && (s[i] == '"' || s[i] == '\'' || s[i] == '`') {
		return quotedEnd(s, from)
	}
	if i < len(s) && s[i] == '[' { // a list, as %v prints one
		if strings.HasPrefix(s[i+1:], Mark) {
			*from = i + 1
			return i + 1 + len(Mark)
		}
		if n := strings.IndexByte(s[i:], ']'); n >= 0 {
			*from = i + 1
			return i + n
		}
	}
	for i < len(s) && !strings.ContainsRune(" \t\r\n,;&|\"'`<>()}", rune(s[i])) {
		i++
	}
	return i
}

func quotedEnd(s string, from *int) int {
	quote := s[*from]
	*from++
	for i := *from; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return len(s)
}

// scheme finds what follows Bearer or Basic.
func scheme(s string, i int) (from, to int) {
	if !boundary(s, i) {
		return 0, 0
	}
	for _, name := range [...]string{"bearer ", "basic "} {
		if len(s)-i > len(name) && strings.EqualFold(s[i:i+len(name)], name) {
			from = i + len(name)
			to = from
			for to < len(s) && tokenByte(s[to]) {
				to++
			}
			if to-from >= 12 { // "Bearer token is missing" is prose
				return from, to
			}
		}
	}
	return 0, 0
}

// jwt finds three parts of base64url, the first that of a JSON object.
func jwt(s string, i int) (from, to int) {
	if !strings.HasPrefix(s[i:], "eyJ") || i > 0 && (base64Byte(s[i-1]) || s[i-1] == '.') {
		return 0, 0 // or inside a run that was read already
	}
	dots := 0
	to = i
	for to < len(s) && (base64Byte(s[to]) || s[to] == '.') {
		if s[to] == '.' {
			dots++
		}
		to++
	}
	if dots < 2 || to-i < 30 {
		return 0, 0
	}
	return i, to
}

// prefixed finds keys that say by their beginning what they are: ours, and
// those of services that a module may talk to.
func prefixed(s string, i int) (from, to int) {
	if !boundary(s, i) {
		return 0, 0
	}
	for _, p := range [...]string{"dsh_", "sk-", "sk_live_", "AIza", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-"} {
		if !strings.HasPrefix(s[i:], p) {
			continue
		}
		to = i + len(p)
		for to < len(s) && base64Byte(s[to]) {
			to++
		}
		if to-i-len(p) >= 16 {
			return i, to
		}
	}
	return 0, 0
}

// setupLink finds the token of a link to the set-up page.
func setupLink(s string, i int) (from, to int) {
	if !strings.HasSuffix(s[:i], "/setup") {
		return 0, 0
	}
	to = i + 1
	for to < len(s) && tokenByte(s[to]) {
		to++
	}
	return i + 1, to
}

// pem finds the body of a private key.
func pem(s string, i int) (from, to int) {
	const begin = "-----BEGIN "
	if !strings.HasPrefix(s[i:], begin) {
		return 0, 0
	}
	label, _, ok := strings.Cut(s[i+len(begin):min(len(s), i+len(begin)+64)], "-----")
	if !ok || !strings.HasSuffix(label, "PRIVATE KEY") {
		return 0, 0
	}
	from = i + len(begin) + len(label) + len("-----")
	if n := strings.Index(s[from:], "-----END "); n >= 0 {
		return from, from + n
	}
	return from, len(s)
}

// boundary reports whether a word may begin at i.
func boundary(s string, i int) bool { return i == 0 || !wordByte(s[i-1]) }

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func keyByte(c byte) bool { return wordByte(c) || c == '_' || c == '-' || c == '.' }

func base64Byte(c byte) bool { return wordByte(c) || c == '_' || c == '-' }

func tokenByte(c byte) bool {
	return base64Byte(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '='
}
