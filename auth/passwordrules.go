package auth

import (
	_ "embed"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MinPassword is the least number of characters of a new password: what NIST SP
// 800-63B-4 section 3.1.1.2 asks for where it is the only factor.
const MinPassword = 15

// MaxPassword is the largest number of characters of a password.
const MaxPassword = 256

const (
	maxPasswordBytes = 1024
	// guessable is how few pieces a guesser needs: known words, runs,
	// sequences, dates and single characters. Fifteen characters that no list
	// knows are fifteen pieces.
	guessable = 5
)

//go:embed common.txt
var commonText string

// MinPassword returns the least number of characters of a new password; see
// [WithMinPasswordLength].
func (a *Authority) MinPassword() int { return a.config.minPassword }

// CheckPassword returns an [*InputError] of field "password" if it may not be
// used: too short, too long, or made of little more than words that guessers
// try first or of contextWords (the person's name and address, the service's
// name). There are no rules of composition; every printable character counts.
func (a *Authority) CheckPassword(password string, contextWords ...string) error {
	return checkPassword(password, a.config.minPassword, append(contextWords, a.config.issuer, a.config.audience))
}

func checkPassword(password string, least int, contextWords []string) error {
	refuse := func(code, of, detail string) error { return wrong("password", code, of, detail) }
	if password == "" {
		return refuse("required", "", "is required")
	}
	if len(password) > maxPasswordBytes {
		return tooLong("password", MaxPassword, "characters")
	}
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return refuse("format", "control", "must not have control characters")
	}
	password = normalize(password)
	switch n := utf8.RuneCountInString(password); {
	case n < least:
		return tooShort("password", least, "characters")
	case n > MaxPassword:
		return tooLong("password", MaxPassword, "characters")
	}
	common := strings.Fields(commonText)
	if pieces(password, common) < guessable {
		return refuse("common", "", "is easy to guess: it is made of common words or patterns")
	}
	if pieces(password, append(common, splitWords(contextWords)...)) < guessable {
		return refuse("context", "", "is easy to guess: it is made of your name, your address or this service's name")
	}
	return nil
}

// splitWords takes names and addresses apart into words of three letters or
// more, and keeps the whole and the parts of an address too.
func splitWords(texts []string) []string {
	var words []string
	for _, text := range texts {
		text = strings.ToLower(text)
		squeezed := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, text)
		words = append(words, text, squeezed)
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return r == '@' || unicode.IsSpace(r) })...)
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })...)
	}
	return slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 3 })
}

// pieces returns the least number of pieces that the password is made of.
func pieces(password string, words []string) int {
	plain := []rune(strings.ToLower(password))
	n := cover(plain, words)
	for size := 1; size <= len(plain)/2; size++ {
		if len(plain)%size == 0 && repeats(plain, size) {
			return min(n, cover(plain[:size], words))
		}
	}
	return n
}

func repeats(s []rune, size int) bool {
	for i := size; i < len(s); i++ {
		if s[i] != s[i-size] {
			return false
		}
	}
	return true
}

// cover finds the cheapest way to write s as words, runs and single characters.
func cover(s []rune, words []string) int {
	letters := make([]rune, len(s))
	for i, r := range s {
		letters[i] = unleet(r)
	}
	text, plain := string(s), string(letters)
	at, plainAt := offsets(s), offsets(letters)
	cost := make([]int, len(s)+1)
	for i := range cost {
		cost[i] = math.MaxInt
	}
	cost[0] = 0
	for i := range s {
		next := cost[i] + 1
		cost[i+1] = min(cost[i+1], next)
		for end := i + 3; end <= i+patternLength(s[i:]); end++ {
			cost[end] = min(cost[end], next)
		}
		for _, word := range words {
			if strings.HasPrefix(text[at[i]:], word) || strings.HasPrefix(plain[plainAt[i]:], word) {
				end := i + utf8.RuneCountInString(word)
				cost[end] = min(cost[end], next)
			}
		}
	}
	return cost[len(s)]
}

func offsets(s []rune) []int {
	at, n := make([]int, len(s)), 0
	for i, r := range s {
		at[i] = n
		n += utf8.RuneLen(r)
	}
	return at
}

func unleet(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', '!', '|':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return r
}

// patternLength returns how many characters from the start of s are one
// pattern: a run (aaaa), a sequence up or down (4567, dcba), neighbors on a
// keyboard, or a year.
func patternLength(s []rune) int {
	longest := 1
	for _, step := range []rune{0, 1, -1} {
		n := 1
		for n < len(s) && s[n]-s[n-1] == step {
			n++
		}
		longest = max(longest, n)
	}
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "qwertzuiop", "azertyuiop", "!@#$%^&*()"} {
		longest = max(longest, alongRow(s, row))
	}
	if len(s) >= 4 && (s[0] == '1' && s[1] == '9' || s[0] == '2' && s[1] == '0') && unicode.IsDigit(s[2]) && unicode.IsDigit(s[3]) {
		longest = max(longest, 4)
	}
	return longest
}

// alongRow returns how far s walks along a row of keys in one direction.
func alongRow(s []rune, row string) int {
	longest := 1
	for _, step := range []int{1, -1} {
		n, at := 1, strings.IndexRune(row, s[0])
		for at >= 0 && n < len(s) {
			next := strings.IndexRune(row, s[n])
			if next < 0 || next-at != step {
				break
			}
			n, at = n+1, next
		}
		longest = max(longest, n)
	}
	return longest
}
