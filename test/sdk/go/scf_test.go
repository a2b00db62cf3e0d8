// The vendor's Go SDK, unmodified, against a running server: OPENSCF_ENDPOINT, OPENSCF_SECRET_ID, OPENSCF_SECRET_KEY.
package sdk

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	scf "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/scf/v20180416"
)

const code = `exports.main_handler = async event => ({ hello: event.name, version: process.env.SCF_FUNCTIONVERSION });`

func client(t *testing.T, sign, method string, unsigned bool) *scf.Client {
	t.Helper()
	prof := profile.NewClientProfile()
	prof.HttpProfile.Endpoint = os.Getenv("OPENSCF_ENDPOINT")
	prof.HttpProfile.Scheme = "HTTP"
	prof.HttpProfile.ReqMethod = method
	prof.SignMethod = sign
	prof.UnsignedPayload = unsigned
	made, err := scf.NewClient(common.NewCredential(os.Getenv("OPENSCF_SECRET_ID"), os.Getenv("OPENSCF_SECRET_KEY")), "ap-guangzhou", prof)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func packageOf(t *testing.T, text string) *string {
	t.Helper()
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	file, err := archive.Create("index.js")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, text)
	archive.Close()
	return common.StringPtr(base64.StdEncoding.EncodeToString(buffer.Bytes()))
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func waitActive(t *testing.T, c *scf.Client, name, qualifier string) {
	t.Helper()
	for i := 0; i < 600; i++ {
		request := scf.NewGetFunctionRequest()
		request.FunctionName = &name
		request.Qualifier = &qualifier
		answer := must[*scf.GetFunctionResponse](t)(c.GetFunction(request))
		switch *answer.Response.Status {
		case "Creating", "Updating", "Publishing":
			time.Sleep(100 * time.Millisecond)
		case "Active":
			return
		default:
			t.Fatalf("%s is %s", name, *answer.Response.Status)
		}
	}
	t.Fatalf("%s does not become Active", name)
}

func codeOf(err error) string {
	var sdk *sdkerrors.TencentCloudSDKError
	if errors.As(err, &sdk) {
		return sdk.Code
	}
	return fmt.Sprint(err)
}

func TestLifeOfAFunction(t *testing.T) {
	variants := []struct {
		sign, method string
		unsigned     bool
	}{
		{"TC3-HMAC-SHA256", "POST", false},
		{"TC3-HMAC-SHA256", "POST", true},
		{"TC3-HMAC-SHA256", "GET", false},
		{"HmacSHA256", "POST", false},
		{"HmacSHA1", "GET", false},
	}
	for index, variant := range variants {
		t.Run(fmt.Sprintf("%s-%s-%v", variant.sign, variant.method, variant.unsigned), func(t *testing.T) {
			walk(t, client(t, variant.sign, variant.method, variant.unsigned), fmt.Sprintf("go-sdk-%d", index))
		})
	}
}

func walk(t *testing.T, c *scf.Client, name string) {
	create := scf.NewCreateFunctionRequest()
	create.FunctionName = &name
	create.Code = &scf.Code{ZipFile: packageOf(t, code)}
	create.Handler = common.StringPtr("index.main_handler")
	create.Runtime = common.StringPtr("Nodejs18.15")
	create.Timeout = common.Int64Ptr(60)
	must[*scf.CreateFunctionResponse](t)(c.CreateFunction(create))
	waitActive(t, c, name, "$LATEST")

	publish := scf.NewPublishVersionRequest()
	publish.FunctionName = &name
	if got := *must[*scf.PublishVersionResponse](t)(c.PublishVersion(publish)).Response.FunctionVersion; got != "1" {
		t.Fatalf("published %s", got)
	}
	waitActive(t, c, name, "1")

	alias := scf.NewCreateAliasRequest()
	alias.FunctionName = &name
	alias.Name = common.StringPtr("live")
	alias.FunctionVersion = common.StringPtr("1")
	must[*scf.CreateAliasResponse](t)(c.CreateAlias(alias))

	for qualifier, version := range map[string]string{"$LATEST": "$LATEST", "live": "1", "1": "1"} {
		invoke := scf.NewInvokeRequest()
		invoke.FunctionName = &name
		invoke.Qualifier = common.StringPtr(qualifier)
		invoke.ClientContext = common.StringPtr(`{"name":"you"}`)
		result := must[*scf.InvokeResponse](t)(c.Invoke(invoke)).Response.Result
		var value struct{ Hello, Version string }
		if err := json.Unmarshal([]byte(*result.RetMsg), &value); err != nil || value.Hello != "you" || value.Version != version {
			t.Fatalf("%s answered %s (%v)", qualifier, *result.RetMsg, err)
		}
	}

	trigger := scf.NewCreateTriggerRequest()
	trigger.FunctionName = &name
	trigger.TriggerName = common.StringPtr("tick")
	trigger.Type = common.StringPtr("timer")
	trigger.TriggerDesc = common.StringPtr("0 0 3 * * * *")
	must[*scf.CreateTriggerResponse](t)(c.CreateTrigger(trigger))
	list := scf.NewListTriggersRequest()
	list.FunctionName = &name
	triggers := must[*scf.ListTriggersResponse](t)(c.ListTriggers(list)).Response.Triggers
	if len(triggers) != 1 || *triggers[0].TriggerDesc != `{"cron":"0 0 3 * * * *"}` || *triggers[0].Enable != 1 {
		t.Fatalf("triggers: %+v", triggers)
	}

	remove := scf.NewDeleteFunctionRequest()
	remove.FunctionName = &name
	must[*scf.DeleteFunctionResponse](t)(c.DeleteFunction(remove))
	for i := 0; i < 600; i++ {
		get := scf.NewGetFunctionRequest()
		get.FunctionName = &name
		if _, err := c.GetFunction(get); err != nil {
			if got := codeOf(err); got != "ResourceNotFound.Function" {
				t.Fatal(got)
			}
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the function is still there")
}

func TestWrongKey(t *testing.T) {
	prof := profile.NewClientProfile()
	prof.HttpProfile.Endpoint = os.Getenv("OPENSCF_ENDPOINT")
	prof.HttpProfile.Scheme = "HTTP"
	c := must[*scf.Client](t)(scf.NewClient(common.NewCredential(os.Getenv("OPENSCF_SECRET_ID"), "wrong"), "ap-guangzhou", prof))
	if _, err := c.ListFunctions(scf.NewListFunctionsRequest()); codeOf(err) != "AuthFailure.SignatureFailure" {
		t.Fatal(err)
	}
}
