package scrub

import "sync"

// A rule finds one kind of thing. match is asked where first says that it may
// begin, and answers with more where it depends on what follows; at the end of the
// text nothing follows.
type rule struct {
	set   Set
	first *class
	match func(view) (m match, more bool)
}

// A table says which rules a byte may begin something of.
type table struct {
	starting [256][]*rule // in their order: the first that finds something wins
	firsts   [256]Set     // their sets
}

// tables makes the one table when it is first needed: programs that scrub nothing
// start without it.
var tables = sync.OnceValue(func() *table {
	var t table
	for _, r := range makeRules() {
		for c, ok := range r.first {
			if ok {
				t.starting[c] = append(t.starting[c], r)
				t.firsts[c] |= r.set
			}
		}
	}
	return &t
})

func makeRules() []*rule {
	return []*rule{
		{1 << PrivateKey, classOf("-"), privateKey},
		{1 << AWSKey, classOf("aAsS"), awsSecret},
		{1 << AWSKey, classOf("A"), awsID},
		{1 << JWT, classOf("e"), jwt},
		{1 << APIKey, classOf(prefixBytes()), apiKey},
		{1 << Bearer, classOf("bB"), bearer},
		{1 << Password, classOf(":"), password},
		{1 << IBAN, classOf(upperChars), iban},
		{1 << Email, classOf(wordChars + "._%+-"), email},
		{1 << Card, classOf("23456"), card},
		{1 << Phone, classOf(digitChars + "+("), phone},
		{1 << IP, classOf(digitChars + "abcdefABCDEF:"), address},
	}
}

// A view is a text from where a rule looks.
type view struct {
	t     string
	prev  byte
	final bool // nothing follows
}

// run counts the bytes of a class from i on, up to most. more says that there may
// follow some.
func (v view) run(i, most int, of *class) (n int, more bool) {
	for n < most && i+n < len(v.t) && of[v.t[i+n]] {
		n++
	}
	return n, n < most && i+n == len(v.t) && !v.final
}

// has reports whether text stands at i. more says that it may, once there is more.
func (v view) has(i int, text string) (ok, more bool) {
	rest := v.t[min(i, len(v.t)):]
	if len(rest) < len(text) {
		return false, !v.final && hasPrefix(text, rest)
	}
	return hasPrefix(rest, text), false
}

// ended reports whether no word goes on at i. more says that one may.
func (v view) ended(i int) (ok, more bool) {
	if i < len(v.t) {
		return !wordByte(v.t[i]), false
	}
	return v.final, !v.final
}

// A class is some bytes.
type class [256]bool

func (c *class) with(chars string) *class {
	for i := range len(chars) {
		c[chars[i]] = true
	}
	return c
}

// The classes of bytes that rules go by.
const (
	digitChars = "0123456789"
	upperChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	wordChars  = digitChars + upperChars + "abcdefghijklmnopqrstuvwxyz"
)

func classOf(chars string) *class { return new(class).with(chars) }

var (
	digits    = classOf(digitChars)
	uppers    = classOf(digitChars + upperChars)
	labels    = classOf(digitChars + upperChars + " ")
	words     = classOf(wordChars)
	base64s   = classOf(wordChars + "_-")
	standards = classOf(wordChars + "/+=")
	tokens    = classOf(wordChars + "_-/+=.~")
	dotteds   = classOf(wordChars + "_-.")
	locals    = classOf(wordChars + "._%+-")
	domains   = classOf(wordChars + ".-")
	gaps      = classOf(" \t\"'\\`:=>")
	inHost    = without("/?# \t\r\n\"'<>`\\")
	hexes     = classOf(digitChars + "abcdefABCDEF:.")
	between   = classOf(" .-/()")
)

// without is every byte but those.
func without(chars string) *class {
	c := new(class)
	for i := range c {
		c[i] = true
	}
	for i := range len(chars) {
		c[chars[i]] = false
	}
	return c
}

func wordByte(c byte) bool { return words[c] }
