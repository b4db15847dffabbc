package scrub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/scrub"
)

const all = scrub.Secrets | scrub.Personal | scrub.IPs

// Secrets are put together here, so that nobody's scanner takes them for real.
var (
	openAI = "sk-" + "proj-abcDEF123456789ghijkl"
	ours   = "dsh_" + "4cJvT0p9WxZk2LrQeB7nYa8GhUd3KfSm_3cCCRP"
	gitHub = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
	slack  = "xoxb-" + "123456789012-abcdefghijkl"
	aws    = "AKIA" + "IOSFODNN7EXAMPLE"
	awsKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"
	jwt    = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	pemKey = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow+/=\nabc\n-----END RSA PRIVATE KEY-----"
)

func mark(k scrub.Kind) string { return scrub.Mark(k) }

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"nothing here, 12 of 30 on 2026-11-29": "nothing here, 12 of 30 on 2026-11-29",
		"key " + openAI + ".":                  "key " + mark(scrub.APIKey),
		"a " + ours + " b":                     "a " + mark(scrub.APIKey) + " b",
		gitHub + "," + slack:                   mark(scrub.APIKey) + "," + mark(scrub.APIKey),
		"task-force-and-more-of-it":            "task-force-and-more-of-it",
		"sk-short":                             "sk-short",
		"id " + aws + ", more":                 "id " + mark(scrub.AWSKey) + ", more",
		"aws_secret_access_key = " + awsKey:    "aws_secret_access_key = " + mark(scrub.AWSKey),
		`"SecretAccessKey": "` + awsKey + `"`:  `"SecretAccessKey": "` + mark(scrub.AWSKey) + `"`,
		"t=" + jwt + "!":                       "t=" + mark(scrub.JWT) + "!",
		"eyJhbGci is how they begin":           "eyJhbGci is how they begin",
		"Authorization: Bearer " + "abcdef0123456789xyz==": "Authorization: Bearer " + mark(scrub.Bearer),
		"bearer authentication-mechanisms":                 "bearer authentication-mechanisms",
		"x " + pemKey + " y":                               "x " + mark(scrub.PrivateKey) + " y",
		"-----BEGIN CERTIFICATE-----":                      "-----BEGIN CERTIFICATE-----",
		"postgres://app:s3cret@db/x":                       "postgres://app:" + mark(scrub.Password) + "@db/x",
		"https://example.com:8080/a@b":                     "https://example.com:8080/a@b",
		"mail ann.b+c@mail.example.co.uk.":                 "mail " + mark(scrub.Email) + ".",
		"联系我ann@example.com吧":                              "联系我" + mark(scrub.Email) + "吧",
		"a@b and x@localhost":                              "a@b and x@localhost",
		"to ann@example.com.2nd":                           "to " + mark(scrub.Email) + ".2nd",
		"call +49 (30) 123-456 78 now":                     "call " + mark(scrub.Phone) + " now",
		"call (555) 123-4567 or 555.123.4567":              "call " + mark(scrub.Phone) + " or " + mark(scrub.Phone),
		"030 1234567":                                      mark(scrub.Phone),
		"1 + 2 = 3, +5 %":                                  "1 + 2 = 3, +5 %",
		"IBAN DE89 3704 0044 0532 0130 00 ok":              "IBAN " + mark(scrub.IBAN) + " ok",
		"GB82WEST12345698765432 THE":                       mark(scrub.IBAN) + " THE",
		"DE89370400440532013001":                           "DE89370400440532013001",
		"card 4111 1111 1111 1111 2027":                    "card " + mark(scrub.Card) + " 2027",
		"5500-0000-0000-0004, 4111111111111112":            mark(scrub.Card) + ", 4111111111111112",
		"0.4111111111111111":                               "0.4111111111111111",
		"from 192.168.10.1 and 2001:db8::1.":               "from " + mark(scrub.IP) + " and " + mark(scrub.IP) + ".",
		"at 12:30:45, v1.2.3, std::string":                 "at 12:30:45, v1.2.3, std::string",
	} {
		s := scrub.Stream{Set: all}
		if got := s.Text(text); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		}
		cutEverywhere(t, text, want)
	}
}

func cutEverywhere(t *testing.T, text, want string) {
	t.Helper()
	for i := range len(text) {
		s := scrub.Stream{Set: all}
		if got := s.Write(text[:i]) + s.Write(text[i:]) + s.Flush(); got != want {
			t.Errorf("%q cut at %d: got %q", text, i, got)
		}
	}
	s := scrub.Stream{Set: all}
	var got strings.Builder
	for i := range len(text) {
		got.WriteString(s.Write(text[i : i+1]))
	}
	if got.WriteString(s.Flush()); got.String() != want {
		t.Errorf("%q in single bytes: got %q", text, got.String())
	}
}

func TestOff(t *testing.T) {
	s := scrub.Stream{Set: scrub.Secrets}
	if got := s.Text("ann@example.com, 192.168.1.1, " + openAI); got != "ann@example.com, 192.168.1.1, "+mark(scrub.APIKey) {
		t.Errorf("got %q", got)
	}
}

// What cannot become anything goes on at once.
func TestHoldsBackLittle(t *testing.T) {
	for _, tt := range []struct {
		set           scrub.Set
		piece, passes string
	}{
		{scrub.Secrets, "Hello wor", "Hello wor"},
		{scrub.Secrets, "it is", "it is"},
		{scrub.Secrets, "a s", "a "},
		{scrub.Secrets, "a sk-abc", "a "},
		{scrub.Secrets, "the e", "the "},
		{scrub.Personal, "Hello wor", "Hello "},
		{scrub.Personal, "Hello. ", "Hello. "},
		{scrub.Personal, "in 2026, ", "in 2026, "},
		{scrub.Secrets, "-----BEGIN RSA PRIV", ""},
	} {
		s := scrub.Stream{Set: tt.set}
		if got := s.Write(tt.piece); got != tt.passes {
			t.Errorf("%q: %q went on, want %q", tt.piece, got, tt.passes)
		}
		if got := s.Flush(); tt.passes+got != tt.piece {
			t.Errorf("%q: %q followed", tt.piece, got)
		}
	}
	s := scrub.Stream{Set: all}
	for range 100_000 { // a key without end takes no memory, and a word neither
		if got := s.Write("eyJa.b"); len(got) > 2*scrub.MaxHeld {
			t.Fatalf("%d bytes waited", len(got))
		}
	}
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"to":"ann@example.com","n":1}`:                           `{"to":"` + mark(scrub.Email) + `","n":1}`,
		`{"a":"x\nann@example.com\u0041"}`:                         `{"a":"x\n` + mark(scrub.Email) + `\u0041"}`,
		`{"card":4111111111111111, "f":1.5}`:                       `{"card":"` + mark(scrub.Card) + `", "f":1.5}`,
		`[4111111111111111,41111111111111110.5]`:                   `["` + mark(scrub.Card) + `",41111111111111110.5]`,
		`{"k":"` + strings.ReplaceAll(pemKey, "\n", `\n`) + `\n"}`: `{"k":"` + mark(scrub.PrivateKey) + `\n"}`,
		`{"k":"-----BEGIN PRIVATE KEY-----\nab\"c","d":2}`:         `{"k":"` + mark(scrub.PrivateKey) + `\"c","d":2}`,
		`{"secret_access_key":"` + awsKey + `"}`:                   `{"secret_access_key":"` + mark(scrub.AWSKey) + `"}`,
	} {
		s := scrub.Stream{Set: all, JSON: true}
		if got := s.Text(text); got != want || !json.Valid([]byte(got)) {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestReplace(t *testing.T) {
	var found []string
	s := scrub.Stream{Set: all, Replace: func(k scrub.Kind, text string) string {
		found = append(found, k.String()+" "+text)
		return fmt.Sprintf("<%d>", len(found))
	}}
	if got := s.Text("ann@example.com has " + openAI + "!"); got != "<1> has <2>!" {
		t.Errorf("got %q", got)
	}
	if fmt.Sprint(found) != "[email ann@example.com api_key "+openAI+"]" || s.Found.String() != "api_key 1, email 1" {
		t.Errorf("got %q, %s", found, s.Found.String())
	}
}

// However a text is cut, what comes out is what comes out of the whole of it, and
// JSON stays JSON.
func FuzzStream(f *testing.F) {
	for _, text := range []string{"mail ann@example.com " + openAI, pemKey + " " + jwt, `{"a":"\n` + ours + `","b":4111111111111111}`, "https://u:p@x +49 30 123456",
		"DE89 3704 0044 0532 0130 00 4111 1111 1111 1111 ::1 10.0.0.1", "aws_secret_access_key=\"" + awsKey + "\"", "Basic dXNlcjpwYXNz0123456=="} {
		f.Add(text, []byte{1, 3, 0, 7}, uint16(all))
	}
	f.Fuzz(func(t *testing.T, text string, cuts []byte, set uint16) {
		if len(text) > 1<<16 {
			return
		}
		for _, asJSON := range []bool{false, true} {
			whole := scrub.Stream{Set: scrub.Set(set), JSON: asJSON}
			want := whole.Text(text)
			if asJSON && json.Valid([]byte(text)) && !json.Valid([]byte(want)) {
				t.Errorf("%q is not JSON any more: %q", text, want)
			}
			s := scrub.Stream{Set: scrub.Set(set), JSON: asJSON}
			var got strings.Builder
			rest, written := text, 0
			for i := 0; rest != "" && len(cuts) > 0; i++ {
				n := min(int(cuts[i%len(cuts)]), len(rest))
				if n == 0 {
					n = 1
				}
				got.WriteString(s.Write(rest[:n]))
				rest, written = rest[n:], written+n
				if asJSON || s.Found != (scrub.Counts{}) {
					continue
				}
				if held := written - got.Len(); held > scrub.MaxHeld+256 && !strings.Contains(text, "-") {
					t.Errorf("%d bytes wait", held)
				}
			}
			got.WriteString(s.Write(rest) + s.Flush())
			if got.String() != want || s.Found != whole.Found {
				t.Errorf("json %v: cut: %q\nwhole: %q", asJSON, got.String(), want)
			}
		}
	})
}

// A byte costs as much in a long text as in a short one, whatever it is.
func BenchmarkHostile(b *testing.B) {
	for name, unit := range map[string]string{"prose": "The quick brown fox jumps over it. ", "digits": "1 ", "at": "a@a.a", "jwt": "eyJa.", "url": "://a:", "dashes": "-", "word": "a", "plus": "+1", "iban": "AA11 "} {
		for _, size := range []int{1 << 14, 1 << 18} {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					s := scrub.Stream{Set: all}
					s.Text(text)
				}
			})
		}
	}
}

func TestPiecesWithoutSecretsAllocateNothing(t *testing.T) {
	s := scrub.Stream{Set: scrub.Secrets}
	if got := testing.AllocsPerRun(1000, func() { s.Write(" word, and ") }); got > 0 {
		t.Errorf("%v allocations a piece", got)
	}
}

func Example() {
	s := scrub.Stream{Set: scrub.Secrets | scrub.Personal}
	for _, piece := range []string{"Write to an", "n@exam", "ple.com toda", "y."} {
		fmt.Printf("%q ", s.Write(piece))
	}
	fmt.Printf("%q %s\n", s.Flush(), s.Found.String())
	// Output: "Write to " "" "[redacted email] " "" "today." email 1
}

// Names in code that begin as keys do are left as they are.
func TestNamesAreNoKeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"npm_config_legacy_peer_deps=true", `<div class="sk-loading-spinner-dark">`, "hf_model_configuration_path = 1", "gsk_session_handler_of_this", "sess-storage-of-the-browser",
	} {
		s := scrub.Stream{Set: scrub.Secrets}
		if got := s.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"sk-proj-abcdefghijklmnOpqrstuvwxyz", "sk-or-v1-0123456789abcdef", "npm_aBcdefghijklmnopqrstuvwxyz0123456789", "dsh_abcdefghijklmnopqrst"} {
		s := scrub.Stream{Set: scrub.Secrets}
		if got := s.Text(text); got == text {
			t.Errorf("%q stayed", text)
		}
	}
}
