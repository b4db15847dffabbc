package featureflag_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const bulk = "/ofrep/v1/evaluate/flags"

func TestOFREPBulk(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags), featureflag.WithoutStreams())
	w := post(handler, bulk, `{"context":{"targetingKey":"u"}}`)
	var got struct {
		Flags []struct {
			Key, Reason, Variant, ErrorCode string
			Value                           any
		}
		EventStreams any
		Metadata     map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("got %d %v %s", w.Code, err, w.Body)
	}
	var lines []string
	for _, f := range got.Flags {
		value, err := json.Marshal(f.Value)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Join([]string{f.Key, f.Reason, f.Variant, f.ErrorCode, string(value)}, "|"))
	}
	want := `a/b c%2Fd|STATIC|x||"é\"\u003c"
broken|||GENERAL|null
code|DEFAULT|||null
count|DEFAULT|ten||10
none|DEFAULT|||null
object|STATIC|o||{"a":{},"b":[1,null]}
off|DISABLED|||null
on|STATIC|on||true
zero|STATIC|zero||0`
	if strings.Join(lines, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), want)
	}
	if got.Metadata["flagSetId"] != "shop" || got.EventStreams != nil {
		t.Errorf("got metadata %v, streams %v", got.Metadata, got.EventStreams)
	}
	if strings.Count(w.Body.String(), `"value"`) != 5 {
		t.Errorf("a value where the code default applies: %s", w.Body)
	}
}

// One tag stands for one caller's values: not for the configuration alone.
func TestOFREPEntityTag(t *testing.T) {
	flags := parsed(t, remoteFlags)
	handler := remote(t, flags, featureflag.WithAuthentication(func(r *http.Request) (string, error) { return r.Header.Get("X-API-Key"), nil }),
		featureflag.WithStreamKey([]byte("0123456789abcdef")))
	ask := func(body string, header ...string) (int, string) {
		w := post(handler, bulk, body, header...)
		if w.Code == 304 && w.Body.Len() > 0 {
			t.Errorf("304 with a body: %s", w.Body)
		}
		return w.Code, w.Header().Get("ETag")
	}
	inside, outside := `{"context":{"targetingKey":"u","email":"a@example.com"}}`, `{"context":{"targetingKey":"u","email":"a@b.c"}}`
	_, tag := ask(inside)
	if !strings.HasPrefix(tag, `"`) || len(tag) < 20 {
		t.Fatalf("got tag %q", tag)
	}
	for _, test := range []struct {
		name, body string
		header     []string
		path       string
		want       int
	}{
		{name: "the same", body: inside, want: 304},
		{name: "the same, weak, in a list", body: inside, header: []string{"If-None-Match", `"x", W/` + tag}, want: 304},
		{name: "the same in another order", body: `{"context":{"email":"a@example.com","targetingKey":"u"} }`, want: 304},
		{name: "another context", body: outside, want: 200},
		{name: "another context of the same values", body: `{"context":{"targetingKey":"v","email":"a@example.com"}}`, want: 200},
		{name: "a type apart", body: `{"context":{"targetingKey":"u","email":"a@example.com","n":1}}`, want: 200},
		{name: "another caller", body: inside, header: []string{"X-API-Key", "b"}, want: 200},
		{name: "no tag", body: inside, header: []string{"If-None-Match", ""}, want: 200},
		{name: "any tag", body: inside, header: []string{"If-None-Match", "*"}, want: 200},
		{name: "no list of tags", body: inside, header: []string{"If-None-Match", strings.Trim(tag, `"`)}, want: 200},
	} {
		header := append([]string{"If-None-Match", tag}, test.header...)
		if got, _ := ask(test.body, header...); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
	// What an event caused is answered in full.
	for _, query := range []string{"?flagConfigEtag=" + flags.Snapshot().Hash(), "?flagConfigLastModified=1771622898"} {
		if w := post(handler, bulk+query, inside, "If-None-Match", tag); w.Code != 200 {
			t.Errorf("%s: got %d, want 200", query, w.Code)
		}
	}
	// Other flags, another tag.
	set, err := featureflag.Parse([]byte(`{"flags":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	flags.Replace(set)
	if got, _ := ask(inside, "If-None-Match", tag); got != 200 {
		t.Errorf("after a change: got %d", got)
	}
}

// Rules may ask for the time: the flags and the context stay the same then, and
// the values do not.
func TestOFREPEntityTagOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flags := parsed(t, `{"flags":{"late":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off",
			"targeting":{"if":[{">":[{"var":"$flagd.timestamp"},946685000]},"on"]}}}}`)
		handler := remote(t, flags, featureflag.WithoutStreams())
		before := post(handler, bulk, `{"context":{}}`)
		sleep(time.Hour)
		after := post(handler, bulk, `{"context":{}}`, "If-None-Match", before.Header().Get("ETag"))
		if after.Code != 200 || !strings.Contains(after.Body.String(), `"value":true`) {
			t.Errorf("got %d %s after %s", after.Code, after.Body, before.Body)
		}
	})
}

// Two instances that stand in for each other answer with the same tag.
func TestOFREPEntityTagOfAFleet(t *testing.T) {
	tags := map[string]bool{}
	for range 2 {
		handler := remote(t, parsed(t, remoteFlags), featureflag.WithStreamKey([]byte("0123456789abcdef")),
			featureflag.WithAuthentication(func(*http.Request) (string, error) { return "shop", nil }))
		tags[post(handler, bulk, `{"context":{"targetingKey":"u"}}`).Header().Get("ETag")] = true
	}
	if len(tags) != 1 {
		t.Errorf("got %v", tags)
	}
}

// An event may come from an instance that is ahead of the one that is asked then.
func TestOFREPWaitsForTheFlagsOfAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := parsed(t, `{"flags":{"a":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}`)
		fresh := parsed(t, `{"flags":{"b":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}`).Snapshot()
		handler := remote(t, old, featureflag.WithoutStreams())
		began := time.Now()
		go func() {
			sleep(700 * time.Millisecond)
			old.Replace(fresh)
		}()
		w := post(handler, bulk+"?flagConfigEtag="+fresh.Hash(), `{"context":{}}`)
		if took := time.Since(began); took != 700*time.Millisecond || !strings.Contains(w.Body.String(), `"key":"b"`) {
			t.Errorf("after %s: %s", took, w.Body)
		}
		// Flags that nobody has are not waited for long; those of before, not at all.
		began = time.Now()
		post(handler, bulk+"?flagConfigEtag=nobody", `{"context":{}}`)
		if took := time.Since(began); took == 0 || took > 2*time.Second {
			t.Errorf("waited %s for nothing", took)
		}
		old.Replace(featureflag.New().Snapshot())
		began = time.Now()
		post(handler, bulk+"?flagConfigEtag="+fresh.Hash(), `{"context":{}}`)
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %s for the flags of before", took)
		}
	})
}

// sleep lets a bubble's time pass.
func sleep(d time.Duration) { <-time.After(d) }
