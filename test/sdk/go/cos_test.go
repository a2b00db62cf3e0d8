// The vendor's Go SDK of object storage, unmodified, against a running server: OPENSCF_COS_ENDPOINT, keys as elsewhere.
// It checks the CRC-64 of all that it sends and of what it reads by itself.
package sdk

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tencentyun/cos-go-sdk-v5"
)

const mb = 1 << 20

// In the order of their bytes.
var cosKeys = []string{"a+b & c=d.txt", "it's (*!~).txt", "with space/%20 #?.txt", "中文/文件 名+1.txt"}

var ctx = context.Background()

func keysOfServer() *cos.AuthorizationTransport {
	return &cos.AuthorizationTransport{SecretID: os.Getenv("OPENSCF_SECRET_ID"), SecretKey: os.Getenv("OPENSCF_SECRET_KEY")}
}

// A domain of its own leads here, as an entry of a hosts file would.
func domain() string {
	_, port, _ := net.SplitHostPort(os.Getenv("OPENSCF_COS_ENDPOINT"))
	return "cos.openscf.example:" + port
}

var leadHere = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, os.Getenv("OPENSCF_COS_ENDPOINT"))
}}

func cosClient(t *testing.T, bucket string, keys *cos.AuthorizationTransport) *cos.Client {
	t.Helper()
	at := must[*url.URL](t)(url.Parse("http://" + bucket + "." + domain()))
	service := must[*url.URL](t)(url.Parse("http://" + domain()))
	keys.Transport = leadHere
	return cos.NewClient(&cos.BaseURL{BucketURL: at, ServiceURL: service}, &http.Client{Transport: keys})
}

func bucketOf(t *testing.T, name string) (string, *cos.Client) {
	t.Helper()
	bucket := "go-" + name + "-1250000000"
	c := cosClient(t, bucket, keysOfServer())
	must[*cos.Response](t)(c.Bucket.Put(ctx, nil))
	return bucket, c
}

func textOf(t *testing.T, c *cos.Client, key string, id ...string) string {
	t.Helper()
	answer := must[*cos.Response](t)(c.Object.Get(ctx, key, nil, id...))
	defer answer.Body.Close()
	return string(must[[]byte](t)(io.ReadAll(answer.Body)))
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %#v, not %#v", got, want)
	}
}

func cosRefused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var refused *cos.ErrorResponse
	if !errors.As(err, &refused) {
		t.Fatalf("no refusal of the store: %v", err)
	}
	same(t, []any{refused.Response.StatusCode, refused.Code}, []any{status, code})
	if !regexp.MustCompile(message).MatchString(refused.Message) {
		t.Fatalf("message: %s", refused.Message)
	}
	if id := refused.Response.Header.Get("X-Cos-Request-Id"); id == "" || id != refused.RequestID {
		t.Fatalf("request ids: %q in the header, %q in the body", id, refused.RequestID)
	}
}

// By a client that knows nothing of signatures.
func plainly(t *testing.T, method, at, body string) (int, string) {
	t.Helper()
	request := must[*http.Request](t)(http.NewRequest(method, at, strings.NewReader(body)))
	answer := must[*http.Response](t)((&http.Client{Transport: leadHere}).Do(request))
	defer answer.Body.Close()
	return answer.StatusCode, string(must[[]byte](t)(io.ReadAll(answer.Body)))
}

func TestCosBuckets(t *testing.T) {
	bucket, c := bucketOf(t, "life")
	_, err := c.Bucket.Put(ctx, nil)
	cosRefused(t, err, 409, "BucketAlreadyOwnedByYou", ".")
	head := must[*cos.Response](t)(c.Bucket.Head(ctx))
	same(t, head.Header.Get("x-cos-bucket-region"), "ap-guangzhou")
	list, _, err := c.Service.Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, one := range list.Buckets {
		if one.Name == bucket && one.Region == "ap-guangzhou" {
			found++
		}
	}
	same(t, found, 1)
	must[*cos.Response](t)(c.Bucket.Delete(ctx))
	same(t, must[bool](t)(c.Bucket.IsExist(ctx)), false)
}

func TestCosLargeObject(t *testing.T) {
	bucket, c := bucketOf(t, "large")
	large := make([]byte, 64*mb)
	must[int](t)(rand.Read(large))
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, large, 0o600); err != nil {
		t.Fatal(err)
	}
	made, _, err := c.Object.Upload(ctx, "large", path, &cos.MultiUploadOptions{PartSize: 8, ThreadPoolSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(made.ETag, `-8"`) {
		t.Fatalf("ETag %s", made.ETag)
	}
	down := filepath.Join(t.TempDir(), "down")
	must[*cos.Response](t)(c.Object.Download(ctx, "large", down, &cos.MultiDownloadOptions{PartSize: 8, ThreadPoolSize: 3}))
	same(t, md5.Sum(must[[]byte](t)(os.ReadFile(down))), md5.Sum(large))

	part := must[*cos.Response](t)(c.Object.Get(ctx, "large", &cos.ObjectGetOptions{Range: fmt.Sprintf("bytes=%d-%d", 8*mb-3, 8*mb+2)}))
	defer part.Body.Close()
	same(t, part.StatusCode, 206)
	same(t, must[[]byte](t)(io.ReadAll(part.Body)), large[8*mb-3:8*mb+3])

	source := bucket + "." + domain() + "/large"
	if _, _, err := c.Object.Copy(ctx, "at once", source, nil); err != nil {
		t.Fatal(err)
	}
	begun, _, err := c.Object.InitiateMultipartUpload(ctx, "in parts", nil)
	if err != nil {
		t.Fatal(err)
	}
	complete := &cos.CompleteMultipartUploadOptions{}
	for i := 1; i <= 4; i++ {
		opt := &cos.ObjectCopyPartOptions{XCosCopySourceRange: fmt.Sprintf("bytes=%d-%d", (i-1)*16*mb, i*16*mb-1)}
		copied, _, err := c.Object.CopyPart(ctx, "in parts", begun.UploadID, i, source, opt)
		if err != nil {
			t.Fatal(err)
		}
		complete.Parts = append(complete.Parts, cos.Object{PartNumber: i, ETag: copied.ETag})
	}
	listed, _, err := c.Object.ListParts(ctx, "in parts", begun.UploadID, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, len(listed.Parts), 4)
	if _, _, err := c.Object.CompleteMultipartUpload(ctx, "in parts", begun.UploadID, complete); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"at once", "in parts"} {
		to := filepath.Join(t.TempDir(), "copy")
		must[*cos.Response](t)(c.Object.GetToFile(ctx, key, to, nil))
		same(t, md5.Sum(must[[]byte](t)(os.ReadFile(to))), md5.Sum(large))
	}
}

func TestCosKeysAndLists(t *testing.T) {
	_, c := bucketOf(t, "keys")
	for _, key := range cosKeys {
		put := must[*cos.Response](t)(c.Object.Put(ctx, key, strings.NewReader(key), nil))
		same(t, put.Header.Get("ETag"), fmt.Sprintf(`"%x"`, md5.Sum([]byte(key))))
		same(t, textOf(t, c, key), key)
	}
	list := func(opt *cos.BucketGetOptions) *cos.BucketGetResult {
		opt.EncodingType = "url"
		page, _, err := c.Bucket.Get(ctx, opt)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	decoded := func(text string) string { return must[string](t)(cos.DecodeURIComponent(text)) }
	seen, marker := []string{}, ""
	for range cosKeys {
		page := list(&cos.BucketGetOptions{MaxKeys: 1, Marker: marker})
		same(t, len(page.Contents), 1)
		seen = append(seen, decoded(page.Contents[0].Key))
		marker = decoded(page.NextMarker)
	}
	same(t, seen, cosKeys)
	same(t, marker, "")
	page := list(&cos.BucketGetOptions{Delimiter: "/", Prefix: ""})
	same(t, len(page.Contents), 2)
	prefixes := []string{}
	for _, prefix := range page.CommonPrefixes {
		prefixes = append(prefixes, decoded(prefix))
	}
	same(t, prefixes, []string{"with space/", "中文/"})

	must[*cos.Response](t)(c.Object.Delete(ctx, cosKeys[0]))
	objects := []cos.Object{{Key: "never"}}
	for _, key := range cosKeys[1:] {
		objects = append(objects, cos.Object{Key: key})
	}
	gone, _, err := c.Object.DeleteMulti(ctx, &cos.ObjectDeleteMultiOptions{Objects: objects})
	if err != nil {
		t.Fatal(err)
	}
	same(t, []int{len(gone.DeletedObjects), len(gone.Errors)}, []int{4, 0})
	same(t, len(list(&cos.BucketGetOptions{}).Contents), 0)
	same(t, must[bool](t)(c.Object.IsExist(ctx, cosKeys[0])), false)
}

func TestCosPresigned(t *testing.T) {
	_, c := bucketOf(t, "signed")
	keys := keysOfServer()
	for _, key := range cosKeys {
		sign := func(method string) string {
			return must[*url.URL](t)(c.Object.GetPresignedURL(ctx, method, key, keys.SecretID, keys.SecretKey, time.Minute, nil)).String()
		}
		status, _ := plainly(t, "PUT", sign("PUT"), key)
		same(t, status, 200)
		status, text := plainly(t, "GET", sign("GET"), "")
		same(t, []any{status, text}, []any{200, key})
		status, _ = plainly(t, "PUT", sign("GET"), "other")
		same(t, status, 403)
	}
}

func TestCosVersions(t *testing.T) {
	_, c := bucketOf(t, "versions")
	must[*cos.Response](t)(c.Bucket.PutVersioning(ctx, &cos.BucketPutVersionOptions{Status: "Enabled"}))
	status, _, err := c.Bucket.GetVersioning(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, status.Status, "Enabled")
	key := "a 中+"
	for _, body := range []string{"first", "second"} {
		must[*cos.Response](t)(c.Object.Put(ctx, key, strings.NewReader(body), nil))
	}
	marker := must[*cos.Response](t)(c.Object.Delete(ctx, key))
	same(t, marker.Header.Get("x-cos-delete-marker"), "true")
	_, err = c.Object.Get(ctx, key, nil)
	cosRefused(t, err, 404, "NoSuchKey", ".")
	list, _, err := c.Bucket.GetObjectVersions(ctx, &cos.BucketGetObjectVersionsOptions{Prefix: "a"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, []int{len(list.Version), len(list.DeleteMarker)}, []int{2, 1})
	same(t, textOf(t, c, key, list.Version[0].VersionId), "second")
	same(t, textOf(t, c, key, list.Version[1].VersionId), "first")
	must[*cos.Response](t)(c.Object.Delete(ctx, key, &cos.ObjectDeleteOptions{VersionId: list.DeleteMarker[0].VersionId}))
	same(t, textOf(t, c, key), "second")
}

func TestCosTagsAndRights(t *testing.T) {
	bucket, c := bucketOf(t, "tags")
	must[*cos.Response](t)(c.Object.Put(ctx, "a", strings.NewReader("seen"), nil))
	tags := []cos.ObjectTaggingTag{{Key: "键", Value: "值 & <1>"}, {Key: "team", Value: "a+b"}}
	must[*cos.Response](t)(c.Object.PutTagging(ctx, "a", &cos.ObjectPutTaggingOptions{TagSet: tags}))
	got, _, err := c.Object.GetTagging(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got.TagSet, tags)
	must[*cos.Response](t)(c.Object.DeleteTagging(ctx, "a"))
	bucketTags := []cos.BucketTaggingTag{{Key: "team", Value: "a+b"}}
	must[*cos.Response](t)(c.Bucket.PutTagging(ctx, &cos.BucketPutTaggingOptions{TagSet: bucketTags}))
	ofBucket, _, err := c.Bucket.GetTagging(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, ofBucket.TagSet, bucketTags)
	must[*cos.Response](t)(c.Bucket.DeleteTagging(ctx))
	_, _, err = c.Bucket.GetTagging(ctx)
	cosRefused(t, err, 404, "NoSuchTagSet", ".")

	at := "http://" + bucket + "." + domain() + "/a"
	status, _ := plainly(t, "GET", at, "")
	same(t, status, 403)
	must[*cos.Response](t)(c.Object.PutACL(ctx, "a", &cos.ObjectPutACLOptions{Header: &cos.ACLHeaderOptions{XCosACL: "public-read"}}))
	status, text := plainly(t, "GET", at, "")
	same(t, []any{status, text}, []any{200, "seen"})
	must[*cos.Response](t)(c.Bucket.PutACL(ctx, &cos.BucketPutACLOptions{Header: &cos.ACLHeaderOptions{XCosACL: "public-read"}}))
	acl, _, err := c.Bucket.GetACL(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, len(acl.AccessControlList), 2)

	rules := []cos.BucketCORSRule{{
		ID: "one", AllowedMethods: []string{"GET", "PUT"}, AllowedOrigins: []string{"https://a.example"},
		AllowedHeaders: []string{"x-cos-meta-a"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: 600,
	}}
	must[*cos.Response](t)(c.Bucket.PutCORS(ctx, &cos.BucketPutCORSOptions{Rules: rules}))
	cors, _, err := c.Bucket.GetCORS(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, cors.Rules, rules)
	preflight := &cos.ObjectOptionsOptions{Origin: "https://a.example", AccessControlRequestMethod: "PUT"}
	allowed := must[*cos.Response](t)(c.Object.Options(ctx, "a", preflight))
	same(t, allowed.Header.Get("Access-Control-Allow-Origin"), "https://a.example")
	must[*cos.Response](t)(c.Bucket.DeleteCORS(ctx))
	_, _, err = c.Bucket.GetCORS(ctx)
	cosRefused(t, err, 404, "NoSuchCORSConfiguration", ".")
}

func TestCosRefusals(t *testing.T) {
	bucket, c := bucketOf(t, "refusals")
	_, err := c.Object.Get(ctx, "missing 中文", nil)
	cosRefused(t, err, 404, "NoSuchKey", "^The specified key does not exist.$")
	_, _, err = cosClient(t, "nobodys-1250000000", keysOfServer()).Bucket.Get(ctx, nil)
	cosRefused(t, err, 404, "NoSuchBucket", ".")
	must[*cos.Response](t)(c.Object.Put(ctx, "a", bytes.NewReader(nil), nil))
	_, err = c.Bucket.Delete(ctx)
	cosRefused(t, err, 409, "BucketNotEmpty", ".")
	wrong := keysOfServer()
	wrong.SecretKey = "wrong"
	_, _, err = cosClient(t, bucket, wrong).Bucket.Get(ctx, nil)
	cosRefused(t, err, 403, "SignatureDoesNotMatch", ".")
	_, err = c.Object.Head(ctx, "missing", nil)
	if !cos.IsNotFoundError(err) {
		t.Fatalf("not seen as missing: %v", err)
	}
}

// The cloud's names stay in the addresses; plain HTTP goes to the server as if it were a proxy.
func TestCosByTheCloudsNames(t *testing.T) {
	proxy := must[*url.URL](t)(url.Parse("http://" + os.Getenv("OPENSCF_COS_ENDPOINT")))
	for _, cloud := range []string{"myqcloud.com", "tencentcos.cn"} {
		keys := keysOfServer()
		keys.Transport = &http.Transport{Proxy: http.ProxyURL(proxy)}
		name := "go-names-" + cloud[:2] + "-1250000000"
		at := must[*url.URL](t)(cos.NewBucketURL(name, "ap-guangzhou", false))
		at.Host = strings.Replace(at.Host, "myqcloud.com", cloud, 1)
		c := cos.NewClient(&cos.BaseURL{BucketURL: at}, &http.Client{Transport: keys})
		must[*cos.Response](t)(c.Bucket.Put(ctx, nil))
		for _, key := range cosKeys {
			must[*cos.Response](t)(c.Object.Put(ctx, key, strings.NewReader(key), nil))
			same(t, textOf(t, c, key), key)
		}
		position, _, err := c.Object.Append(ctx, "log", 0, strings.NewReader("one"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = c.Object.Append(ctx, "log", position, strings.NewReader(" two"), nil); err != nil {
			t.Fatal(err)
		}
		same(t, textOf(t, c, "log"), "one two")
	}
}
