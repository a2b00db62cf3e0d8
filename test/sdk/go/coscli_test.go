// The vendor's command line of object storage, where it is installed: it is on no registry, so that `.ci/run` cannot install it.
package sdk

import (
	"crypto/md5"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const cliBucket = "cli-1250000000"

const cliConfig = `cos:
  base: { secretid: %s, secretkey: %s, sessiontoken: "", protocol: http, mode: SecretKey, closeautoswitchhost: "true", disableencryption: "true" }
  buckets:
  - { name: %s, alias: cli, region: ap-guangzhou, endpoint: cos.ap-guangzhou.myqcloud.com, ofs: false }
`

type cli func(args ...string) (string, error)

// The cloud's names stay in its addresses; plain HTTP goes to the server as if it were a proxy.
func coscli(t *testing.T, folder string) cli {
	program, err := exec.LookPath("coscli")
	if err != nil {
		t.Skip("coscli is not on the PATH")
	}
	config := filepath.Join(folder, "cos.yaml")
	text := fmt.Sprintf(cliConfig, os.Getenv("OPENSCF_SECRET_ID"), os.Getenv("OPENSCF_SECRET_KEY"), cliBucket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) (string, error) {
		command := exec.Command(program, append([]string{"-c", config, "--log-path", folder}, args...)...)
		command.Dir = folder
		command.Env = append(os.Environ(), "HTTP_PROXY=http://"+os.Getenv("OPENSCF_COS_ENDPOINT"), "http_proxy=", "NO_PROXY=", "no_proxy=")
		said, err := command.CombinedOutput()
		return string(said), err
	}
}

func says(t *testing.T, said string, shapes ...string) {
	t.Helper()
	for _, shape := range shapes {
		if !regexp.MustCompile(shape).MatchString(said) {
			t.Fatalf("not said: %s\n%s", shape, said)
		}
	}
}

func TestCoscli(t *testing.T) {
	folder := t.TempDir()
	try := coscli(t, folder)
	run := func(args ...string) string {
		t.Helper()
		said, err := try(args...)
		if err != nil {
			t.Fatalf("coscli %v: %v\n%s", args, err, said)
		}
		return said
	}
	at := "cos://" + cliBucket
	large := make([]byte, 64*mb)
	must[int](t)(rand.Read(large))
	tree := map[string]string{"1.txt": "one", "sub/2 + 中.txt": "two"}
	for name, text := range tree {
		path := filepath.Join(folder, "tree", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "large"), large, 0o600); err != nil {
		t.Fatal(err)
	}

	says(t, run("mb", at, "-r", "ap-guangzhou"), "Create a new bucket")
	says(t, run("ls"), cliBucket+" .*ap-guangzhou")

	// Each transfer with connections of its own: those that it keeps know no proxy.
	parts := []string{"--part-size", "8", "--thread-num", "3", "--disable-long-links"}
	says(t, run(append([]string{"cp", "large", at + "/a+b 中/large"}, parts...)...), "Succeed: Total num: 1, size: 67,108,864")
	says(t, run("ls", at+"/", "-r"), `a\+b 中/large .*-8"`)
	sum := regexp.MustCompile(`crc64-ecma: +(\d+)`)
	same(t, sum.FindStringSubmatch(run("hash", at+"/a+b 中/large"))[1], sum.FindStringSubmatch(run("hash", "large"))[1])
	says(t, run(append([]string{"cp", at + "/a+b 中/large", at + "/copied"}, parts...)...), "Succeed: Total num: 1, size: 67,108,864")
	says(t, run(append([]string{"cp", at + "/copied", "down"}, parts...)...), "Succeed")
	same(t, md5.Sum(must[[]byte](t)(os.ReadFile(filepath.Join(folder, "down")))), md5.Sum(large))

	sync := func(from, to string) string { return run("sync", from, to, "-r", "--disable-long-links") }
	says(t, sync("tree/", at+"/tree/"), "upload 2 files")
	says(t, sync("tree/", at+"/tree/"), "skip 2 files")
	says(t, sync(at+"/tree/", "back/"), "download 2 objects")
	for name, text := range tree {
		same(t, string(must[[]byte](t)(os.ReadFile(filepath.Join(folder, "back", name)))), text)
	}
	signed := regexp.MustCompile(`http://\S+/tree/1\.txt\?\S+`).FindString(run("signurl", at+"/tree/1.txt"))
	status, text := plainly(t, "GET", signed, "")
	same(t, []any{status, text}, []any{200, "one"})

	says(t, run("bucket-versioning", "--method", "put", at, "Enabled"), "changed to Enabled")
	run("cp", "tree/1.txt", at+"/tree/1.txt", "--disable-long-links")
	same(t, strings.Count(run("ls", at+"/tree/1.txt", "--all-versions"), "tree/1.txt"), 2)
	run("bucket-tagging", "--method", "put", at, "team#v")
	says(t, run("bucket-tagging", "--method", "get", at), `team \| +v`)
	refused, err := try("cat", at+"/missing")
	if err == nil {
		t.Fatal("a missing object was shown")
	}
	says(t, refused, `404 NoSuchKey\(Message: The specified key does not exist\., RequestId: \S+`)

	says(t, run("rm", at+"/", "-r", "-f", "--all-versions"), "completed")
	says(t, run("rb", at, "-f"), "Delete a empty bucket")
	if strings.Contains(run("ls"), cliBucket) {
		t.Fatal("the bucket is still there")
	}
}
