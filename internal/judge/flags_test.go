package judge_test

// callFlags calls what the screens of feature flags stand on.
func callFlags(l *live, call callFunc) {
	const on = `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on","metadata":{"owner":"ops","expires":"2020-01-01"}}`
	const uses = `{"state":"ENABLED","variants":{"a":{"n":1},"b":{}},"defaultVariant":"a","targeting":{"if":[{"$ref":"staff"},"b",{"fractional":[["a",1],["b",1]]}]}}`
	call(201, "PUT", "/segments/staff", `{"definition":{"ends_with":[{"var":"email"},"@example.com"]}}`, "If-None-Match", "*")
	call(200, "PUT", "/segments/staff", `{"definition":{"ends_with":[{"var":"email"},"@example.org"]},"comment":"moved"}`, "If-Match", `"1"`)
	call(200, "GET", "/segments?sort=-updated_at&filter=version%3D2", "")
	call(200, "GET", "/segments/staff", "")
	call(200, "GET", "/segments/staff/history", "")
	call(200, "POST", "/segments/staff/rollback", `{"version":1}`, "If-Match", `"2"`)

	call(201, "PUT", "/flags/shop%2Fcheckout", `{"definition":`+on+`}`, "If-None-Match", "*")
	call(200, "PUT", "/flags/shop%2Fcheckout", `{"definition":`+uses+`,"comment":"halves"}`, "If-Match", `"1"`)
	call(412, "PUT", "/flags/shop%2Fcheckout", `{"definition":`+on+`}`, "If-Match", `"1"`)
	call(428, "PUT", "/flags/shop%2Fcheckout", `{"definition":`+on+`}`)
	call(422, "PUT", "/flags/new", `{"definition":{"state":"MAYBE"}}`, "If-None-Match", "*")
	call(200, "GET", "/flags?q=shop&filter=enabled%3Dtrue", "")
	call(400, "GET", "/flags?filter=ghost%3D1", "")
	call(200, "GET", "/flags/shop%2Fcheckout", "")
	call(404, "GET", "/flags/ghost", "")
	call(200, "GET", "/flags/shop%2Fcheckout/history", "")
	call(200, "POST", "/flags/shop%2Fcheckout/kill", `{"killed":true,"variant":"a"}`)
	call(200, "POST", "/flags/shop%2Fcheckout/rollback", `{"version":2}`, "If-Match", `"3"`)
	call(200, "POST", "/flags/check", `{"key":"x","definition":{"state":"MAYBE"}}`)
	call(200, "POST", "/flags/explain", `{"key":"shop/checkout","context":{"targeting_key":"7","email":"x@example.com","n":[1,{"a":null}]}}`)
	call(200, "POST", "/flags/shop%2Fcheckout/preview", `{"definition":`+uses+`,"sample":100}`)
	call(200, "GET", "/flags/metrics", "")
	call(200, "GET", "/flags/shop%2Fcheckout/experiment?metric=paid", "")
	call(409, "DELETE", "/segments/staff", "", "If-Match", "*")
	call(204, "DELETE", "/flags/shop%2Fcheckout", "", "If-Match", `"4"`)
	call(204, "DELETE", "/segments/staff", "", "If-Match", "*")
	call(200, "POST", "/flags/import?dry_run=true", `{"flags":{"a":`+on+`}}`)
	call(200, "POST", "/flags/import?mode=replace", `{"flags":{"a":`+on+`}}`)
	call(422, "POST", "/flags/import", `{"flags":{"a":{}}}`)
}
