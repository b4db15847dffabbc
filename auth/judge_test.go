package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/modular-dashboard/dashboard/auth"
)

var b64 = base64.RawURLEncoding

// good returns a header and claims that are accepted when signed.
func good(kid string, g auth.Grant) (map[string]any, jwt.MapClaims) {
	now := time.Now().Unix()
	return map[string]any{"typ": "at+jwt", "alg": "EdDSA", "kid": kid},
		jwt.MapClaims{"iss": "dashboard", "aud": "dashboard", "client_id": "dashboard", "sub": g.User.ID,
			"sid": g.SessionID, "jti": "1", "iat": now - 10, "exp": now + 300}
}

// Each case changes one thing about a token that the right key signs.
func TestVerifyRefusesSignedTokens(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "j@example.org")
	g := login(t, a, "j@example.org")
	other := user(t, a, "other@example.org")
	kid, key := signer(t, db)
	header, claims := good(kid, g)
	if _, err := a.Verify(t.Context(), forge(t, key, header, claims)); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	absent := struct{}{}
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		header, claims map[string]any
	}{
		"typ JWT":            {header: map[string]any{"typ": "JWT"}},
		"typ absent":         {header: map[string]any{"typ": absent}},
		"typ long":           {header: map[string]any{"typ": "application/at+jwt"}},
		"typ upper":          {header: map[string]any{"typ": "AT+JWT"}},
		"alg none":           {header: map[string]any{"alg": "none"}},
		"alg absent":         {header: map[string]any{"alg": absent}},
		"alg Ed25519":        {header: map[string]any{"alg": "Ed25519"}},
		"alg HS256":          {header: map[string]any{"alg": "HS256"}},
		"alg list":           {header: map[string]any{"alg": []string{"EdDSA"}}},
		"kid absent":         {header: map[string]any{"kid": absent}},
		"kid unknown":        {header: map[string]any{"kid": "x"}},
		"kid empty":          {header: map[string]any{"kid": ""}},
		"kid path":           {header: map[string]any{"kid": "../" + kid}},
		"crit":               {header: map[string]any{"crit": []string{"exp"}}},
		"crit empty":         {header: map[string]any{"crit": []string{}}},
		"b64":                {header: map[string]any{"b64": true}},
		"jwk":                {header: map[string]any{"jwk": map[string]any{"kty": "OKP"}}},
		"jku":                {header: map[string]any{"jku": "https://evil.example"}},
		"x5u":                {header: map[string]any{"x5u": "https://evil.example"}},
		"zip":                {header: map[string]any{"zip": "DEF"}},
		"cty":                {header: map[string]any{"cty": "JWT"}},
		"ALG too":            {header: map[string]any{"ALG": "none"}},
		"iss absent":         {claims: map[string]any{"iss": absent}},
		"iss other":          {claims: map[string]any{"iss": "evil"}},
		"iss list":           {claims: map[string]any{"iss": []string{"dashboard"}}},
		"iss upper":          {claims: map[string]any{"iss": absent, "ISS": "dashboard"}},
		"ISS too":            {claims: map[string]any{"ISS": "dashboard"}},
		"iſs too":            {claims: map[string]any{"iſs": "dashboard"}},
		"aud absent":         {claims: map[string]any{"aud": absent}},
		"aud other":          {claims: map[string]any{"aud": "other"}},
		"aud list":           {claims: map[string]any{"aud": []string{"dashboard", "other"}}},
		"client_id absent":   {claims: map[string]any{"client_id": absent}},
		"client_id other":    {claims: map[string]any{"client_id": "other"}},
		"sub absent":         {claims: map[string]any{"sub": absent}},
		"sub empty":          {claims: map[string]any{"sub": ""}},
		"sub number":         {claims: map[string]any{"sub": 7}},
		"sub null":           {claims: map[string]any{"sub": nil}},
		"sub of another":     {claims: map[string]any{"sub": other.ID}},
		"sid absent":         {claims: map[string]any{"sid": absent}},
		"sid unknown":        {claims: map[string]any{"sid": strings.Repeat("a", 26)}},
		"jti absent":         {claims: map[string]any{"jti": absent}},
		"iat absent":         {claims: map[string]any{"iat": absent}},
		"iat future":         {claims: map[string]any{"iat": now + 120}},
		"iat text":           {claims: map[string]any{"iat": "1"}},
		"iat zero":           {claims: map[string]any{"iat": 0}},
		"exp absent":         {claims: map[string]any{"exp": absent}},
		"exp past":           {claims: map[string]any{"exp": now - 6}},
		"exp before iat":     {claims: map[string]any{"exp": now - 10}},
		"exp text":           {claims: map[string]any{"exp": "9999999999"}},
		"exp fraction":       {claims: map[string]any{"exp": 9999999999.5}},
		"exp exponent":       {claims: map[string]any{"exp": json.RawMessage("1e12")}},
		"exp huge":           {claims: map[string]any{"exp": json.RawMessage("99999999999999999999")}},
		"exp negative":       {claims: map[string]any{"exp": -1}},
		"exp null":           {claims: map[string]any{"exp": nil}},
		"exp upper":          {claims: map[string]any{"exp": absent, "Exp": now + 100}},
		"exp past, Exp good": {claims: map[string]any{"exp": now - 100, "EXP": now + 100}},
		"nbf future":         {claims: map[string]any{"nbf": now + 120}},
		"nbf text":           {claims: map[string]any{"nbf": "1"}},
		"nbf null":           {claims: map[string]any{"nbf": nil}},
		"large":              {claims: map[string]any{"pad": strings.Repeat("x", 4096)}},
	} {
		h, m := maps.Clone(header), maps.Clone(claims)
		change(h, c.header, absent)
		change(m, c.claims, absent)
		if p, err := a.Verify(t.Context(), forge(t, key, h, m)); err == nil {
			t.Errorf("%s: accepted %+v", name, p)
		} else {
			wantErr(t, name, err, auth.ErrInvalidToken)
		}
	}
	// A clock that is a little behind.
	m := maps.Clone(claims)
	change(m, map[string]any{"iat": now + 30, "nbf": now + 30}, absent)
	if _, err := a.Verify(t.Context(), forge(t, key, header, m)); err != nil {
		t.Errorf("half a minute early: %v", err)
	}
	// What we do not know may be there: a newer instance wrote it.
	m = maps.Clone(claims)
	change(m, map[string]any{"nbf": now - 10, "acr": "1", "nested": map[string]any{"exp": 0}}, absent)
	if _, err := a.Verify(t.Context(), forge(t, key, header, m)); err != nil {
		t.Errorf("unknown claims: %v", err)
	}
}

func change(m, with map[string]any, absent any) {
	for k, v := range with {
		if v == absent {
			delete(m, k)
			continue
		}
		m[k] = v
	}
}

// Texts that mean the same to a lax reader as a good token.
func TestVerifyRefusesOtherTexts(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "j@example.org")
	g := login(t, a, "j@example.org")
	kid, key := signer(t, db)
	token := g.AccessToken
	if _, err := a.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	part := strings.Split(token, ".")
	raw := func(header, payload string) string { // signs any bytes
		text := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(payload))
		sig, err := jwt.SigningMethodEdDSA.Sign(text, key)
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + b64.EncodeToString(sig)
	}
	header := `{"alg":"EdDSA","kid":"` + kid + `","typ":"at+jwt"}`
	payload, err := b64.DecodeString(part[1])
	if err != nil {
		t.Fatal(err)
	}
	body := strings.TrimSuffix(string(payload), "}")
	if _, err := a.Verify(t.Context(), raw(header, string(payload))); err != nil {
		t.Fatalf("signed again: %v", err)
	}
	for name, text := range map[string]string{
		"empty":               "",
		"dots":                "..",
		"two parts":           part[0] + "." + part[1],
		"four parts":          token + ".",
		"five parts":          token + "." + part[0] + "." + part[1],
		"no header":           "." + part[1] + "." + part[2],
		"no payload":          part[0] + ".." + part[2],
		"no signature":        part[0] + "." + part[1] + ".",
		"padding":             token + "==",
		"padded header":       part[0] + "=." + part[1] + "." + part[2],
		"leading space":       " " + token,
		"trailing newline":    token + "\n",
		"newline inside":      token[:10] + "\n" + token[10:],
		"carriage return":     token[:len(token)-3] + "\r" + token[len(token)-3:],
		"other last bits":     otherBits(token),
		"standard alphabet":   strings.NewReplacer("-", "+", "_", "/").Replace(token) + "+",
		"lower case":          strings.ToLower(token),
		"swapped parts":       part[1] + "." + part[0] + "." + part[2],
		"signature of other":  part[0] + "." + part[1] + "." + strings.Split(raw(header, `{}`), ".")[2],
		"json serialization":  `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `"}`,
		"header twice typ":    raw(`{"typ":"at+jwt","alg":"EdDSA","kid":"`+kid+`","typ":"at+jwt"}`, string(payload)),
		"header twice alg":    raw(`{"alg":"none","alg":"EdDSA","kid":"`+kid+`","typ":"at+jwt"}`, string(payload)),
		"header array":        raw(`["alg"]`, string(payload)),
		"header null":         raw(`null`, string(payload)),
		"header trailing":     raw(header+` {}`, string(payload)),
		"header bom":          raw("\ufeff"+header, string(payload)),
		"header not utf-8":    raw(strings.Replace(header, "at+jwt", "at+jwt\xff", 1), string(payload)),
		"claim twice":         raw(header, body+`,"sub":"x"}`),
		"same claim twice":    raw(header, `{"iss":"dashboard",`+body[1:]+`}`),
		"escaped claim twice": raw(header, body+`,"su\u0062":"x"}`),
		"payload array":       raw(header, `[`+string(payload)+`]`),
		"payload null":        raw(header, `null`),
		"payload empty":       raw(header, ``),
		"payload trailing":    raw(header, string(payload)+`x`),
		"payload two":         raw(header, string(payload)+string(payload)),
		"payload unclosed":    raw(header, body),
		"payload not utf-8":   raw(header, body+`,"x":"`+"\xff"+`"}`),
		"payload comma":       raw(header, body+`,}`),
		"too many claims":     raw(header, body+strings.Repeat(`,"a":1`, 1)+many(80)+`}`),
		"too long":            token + strings.Repeat("A", 5000),
		"refresh token":       g.RefreshToken,
	} {
		if p, err := a.Verify(t.Context(), text); err == nil {
			t.Errorf("%s: accepted %+v", name, p)
		} else {
			wantErr(t, name, err, auth.ErrInvalidToken)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"a` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `":1`)
	}
	return b.String()
}

// otherBits changes the bits of the last character that no byte uses: 64 bytes
// leave four.
func otherBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

// Every flipped character of a good token is refused.
func TestVerifyRefusesEveryFlip(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "j@example.org")
	token := login(t, a, "j@example.org").AccessToken
	for i := range len(token) {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		_, err := a.Verify(t.Context(), token[:i]+string(c)+token[i+1:])
		wantErr(t, token[:i]+"|", err, auth.ErrInvalidToken)
	}
}

func TestAccessTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, openDB(t), auth.WithAccessTTL(time.Minute))
		user(t, a, "j@example.org")
		g := login(t, a, "j@example.org")
		fresh := login(t, a, "j@example.org") // never shown before it expires
		if got := g.ExpiresIn(); got < 58 || got > 60 {
			t.Errorf("ExpiresIn: got %d, want 60", got)
		}
		wait(time.Minute)
		if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
			t.Errorf("within the leeway: %v", err)
		}
		wait(6 * time.Second)
		for name, grant := range map[string]auth.Grant{"known": g, "unknown": fresh} {
			_, err := a.Verify(t.Context(), grant.AccessToken)
			wantErr(t, name, err, auth.ErrInvalidToken)
		}
		if got := g.ExpiresIn(); got != 0 {
			t.Errorf("ExpiresIn: got %d, want 0", got)
		}
	})
}

// Other implementations read our tokens: golang-jwt's own parser, and RFC 9068's
// list of claims.
func TestTokenIsStandard(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db, auth.WithIssuer("https://ops.example"), auth.WithAudience("ops"))
	user(t, a, "j@example.org")
	g := login(t, a, "j@example.org")
	_, key := signer(t, db)
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer("https://ops.example"),
		jwt.WithAudience("ops"), jwt.WithSubject(g.User.ID), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding())
	token, err := parser.Parse(g.AccessToken, func(*jwt.Token) (any, error) { return key.Public(), nil })
	if err != nil {
		t.Fatal(err)
	}
	if token.Header["typ"] != "at+jwt" {
		t.Errorf("typ: got %v", token.Header["typ"])
	}
	claims, _ := token.Claims.(jwt.MapClaims)
	for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "sid"} {
		if claims[name] == nil {
			t.Errorf("claim %s is missing", name)
		}
	}
	if strings.Contains(strings.Join([]string{g.User.Email}, ""), "@") && strings.Contains(g.AccessToken, b64.EncodeToString([]byte("j@example"))) {
		t.Error("the token tells the address")
	}
}

func FuzzVerify(f *testing.F) {
	db := openDB(f)
	a := start(f, db)
	user(f, a, "j@example.org")
	g := login(f, a, "j@example.org")
	f.Add(g.AccessToken)
	f.Add("a.b.c")
	f.Add(b64.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + b64.EncodeToString([]byte(`{"exp":1}`)) + ".")
	f.Add(b64.EncodeToString([]byte(`{"alg":"EdDSA","kid":"x","typ":"at+jwt"}`)) + ".e30.AA")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := a.Verify(t.Context(), token)
		if err == nil && p.SessionID != g.SessionID {
			t.Errorf("%q: accepted as %+v", token, p)
		}
		if err == nil && token != g.AccessToken && strings.TrimSpace(token) != token {
			t.Errorf("accepted another text of the token: %q", token)
		}
	})
}

// FuzzClaims signs any payload with the right key.
func FuzzClaims(f *testing.F) {
	db := openDB(f)
	a := start(f, db)
	user(f, a, "j@example.org")
	g := login(f, a, "j@example.org")
	kid, key := signer(f, db)
	payload, err := b64.DecodeString(strings.Split(g.AccessToken, ".")[1])
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(payload), `{}`, `null`, `{"exp":1,"exp":2}`, `{"iss":{"a":[1,2]}}`} {
		f.Add([]byte(s))
	}
	head := b64.EncodeToString([]byte(`{"alg":"EdDSA","kid":"` + kid + `","typ":"at+jwt"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := head + "." + b64.EncodeToString(payload)
		sig, err := jwt.SigningMethodEdDSA.Sign(text, key)
		if err != nil {
			t.Fatal(err)
		}
		p, err := a.Verify(t.Context(), text+"."+b64.EncodeToString(sig))
		if err != nil {
			return
		}
		// Whatever was accepted, encoding/json must agree about who it is.
		var c map[string]any
		if err := json.Unmarshal(payload, &c); err != nil || c["sub"] != p.ID || c["sid"] != p.SessionID || c["iss"] != "dashboard" {
			t.Errorf("accepted %q as %+v: %v", payload, p, err)
		}
	})
}
