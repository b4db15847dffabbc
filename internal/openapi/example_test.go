package openapi_test

import (
	"fmt"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/openapi"
)

func ExampleBuild() {
	type greeting struct {
		Text string `json:"text"`
	}
	type in struct {
		Name string `query:"name" validate:"max=80"`
	}
	doc, err := openapi.Build(openapi.Info{Title: "Hello", Version: "1"}, []openapi.Operation{{
		Method: "GET", Path: "/api/v1/m/hello/greeting", In: reflect.TypeFor[in](), Out: reflect.TypeFor[greeting](), Permission: "hello.greeting.read",
	}})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(doc.JSON()) > 0)
	fmt.Println(string(openapi.TypeScript(doc)[:99]))
	// Output:
	// true
	// // Generated from the OpenAPI document; do not edit.
	//
	// export interface Greeting {
	//   text: string;
	// }
}
