package remote

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func ptr[T any](value T) *T { return &value }

func create(args CommandArgs) (CommandState, error) {
	res, err := (&Command{}).Create(context.Background(), infer.CreateRequest[CommandArgs]{Name: "c", Inputs: args})
	return res.Output, err
}

func TestCreateRunsOnTheMachineWithStdinAndEnvironment(t *testing.T) {
	s := serve(t, "GREETING")
	state, err := create(CommandArgs{
		Connection:  s.connection(),
		Create:      ptr(`echo "$GREETING $(cat)"; echo err >&2`),
		Environment: &map[string]string{"GREETING": "hello"},
		Stdin:       ptr("world"),
	})
	if err != nil || state.Stdout != "hello world" || state.Stderr != "err" {
		t.Errorf("stdout %q, stderr %q, error %v", state.Stdout, state.Stderr, err)
	}
}

func TestRefusedEnvironmentFailsButPreviousOutputOnlyWarns(t *testing.T) {
	s := serve(t)
	_, err := create(CommandArgs{Connection: s.connection(), Create: ptr("true"), Environment: &map[string]string{"GREETING": "hello"}})
	if err == nil || !strings.Contains(err.Error(), "AcceptEnv") {
		t.Errorf("error is %v", err)
	}
	res, err := (&Command{}).Update(context.Background(), infer.UpdateRequest[CommandArgs, CommandState]{
		Inputs: CommandArgs{Connection: s.connection(), Create: ptr("echo done")}, State: CommandState{result: result{Stdout: "old"}},
	})
	if err != nil || res.Output.Stdout != "done" {
		t.Errorf("stdout %q, error %v", res.Output.Stdout, err)
	}
}

func TestFailingCommandFailsWithWhatItPrinted(t *testing.T) {
	_, err := create(CommandArgs{Connection: serve(t).connection(), Create: ptr("echo the reason >&2; exit 3")})
	if err == nil || !strings.Contains(err.Error(), "status 3") || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("error is %v", err)
	}
}

func TestDeleteRunsOnTheMachine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deleted")
	state := CommandState{CommandArgs: CommandArgs{Connection: serve(t).connection(), Delete: ptr("touch " + file)}}
	if _, err := (&Command{}).Delete(context.Background(), infer.DeleteRequest[CommandState]{State: state}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestOtherHostKeyIsRefused(t *testing.T) {
	connection, other := serve(t).connection(), serve(t)
	connection.HostKey = &other.hostKey
	if _, err := create(CommandArgs{Connection: connection, Create: ptr("true")}); err == nil {
		t.Error("a server with another key than hostKey was accepted")
	}
}

func TestWrongPasswordIsAnErrorThatDoesNotNameIt(t *testing.T) {
	connection := serve(t).connection()
	connection.Password = ptr("battery staple")
	_, err := create(CommandArgs{Connection: connection, Create: ptr("true")})
	if err == nil || strings.Contains(err.Error(), "battery") {
		t.Errorf("error is %v", err)
	}
}

func TestDialGivesUpAfterTheErrorLimit(t *testing.T) {
	connection := &Connection{endpoint: endpoint{Host: "127.0.0.1", Port: ptr(1.0), DialErrorLimit: ptr(2)}}
	_, err := create(CommandArgs{Connection: connection, Create: ptr("true")})
	if err == nil || !strings.Contains(err.Error(), "after 2 attempts") {
		t.Errorf("error is %v", err)
	}
}

func TestCommandThroughAProxy(t *testing.T) {
	connection, bastion := serve(t).connection(), serve(t).connection()
	connection.Proxy = &ProxyConnection{bastion.endpoint}
	state, err := create(CommandArgs{Connection: connection, Create: ptr("echo through")})
	if err != nil || state.Stdout != "through" {
		t.Errorf("stdout %q, error %v", state.Stdout, err)
	}
}

func TestCancelEndsACommand(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := run(ctx, "sleep 60", CommandArgs{Connection: serve(t).connection()}, result{})
	if err == nil || !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("error is %v", err)
	}
}

func upload(t *testing.T, s *server, source types.AssetOrArchive, to string) error {
	t.Helper()
	args := CopyToRemoteArgs{Connection: s.connection(), Source: source, RemotePath: to}
	_, err := (&CopyToRemote{}).Create(context.Background(), infer.CreateRequest[CopyToRemoteArgs]{Name: "c", Inputs: args})
	return err
}

func TestCopyToRemote(t *testing.T) {
	s := serve(t)
	local, remote := t.TempDir(), t.TempDir()
	folder := filepath.Join(local, "conf")
	if err := os.MkdirAll(filepath.Join(folder, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "sub/b"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(remote, "old"), []byte("a longer text"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := func(content string) types.AssetOrArchive {
		asset, err := resource.NewTextAsset(content)
		if err != nil {
			t.Fatal(err)
		}
		return types.AssetOrArchive{Asset: asset}
	}
	archive := func(path string) types.AssetOrArchive {
		return types.AssetOrArchive{Archive: &resource.Archive{Path: path}}
	}
	file := types.AssetOrArchive{Asset: &resource.Asset{Path: filepath.Join(folder, "a")}}
	for _, c := range []struct {
		name     string
		source   types.AssetOrArchive
		to       string
		file     string
		contents string
	}{
		{"text into new folders", text("settings"), "new/dir/app.conf", "new/dir/app.conf", "settings"},
		{"text over a longer file", text("new"), "old", "old", "new"},
		{"file to a new name", file, "renamed", "renamed", "a"},
		{"file into a folder", file, "", "a", "a"},
		{"folder below its name", archive(folder), "etc", "etc/conf/sub/b", "sub/b"},
		{"contents of a folder", archive(folder + "/"), "flat", "flat/sub/b", "sub/b"},
	} {
		if err := upload(t, s, c.source, filepath.Join(remote, c.to)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got, err := os.ReadFile(filepath.Join(remote, c.file)); err != nil || string(got) != c.contents {
			t.Errorf("%s: %s holds %q, error %v", c.name, c.file, got, err)
		}
	}
	if err := upload(t, s, text("x"), remote); err == nil {
		t.Error("a text was copied over a directory")
	}
	if err := upload(t, s, archive(folder), filepath.Join(remote, "old")); err == nil {
		t.Error("a folder was copied over a file")
	}
}

func TestUpdateCopiesOnlyChangedContent(t *testing.T) {
	s := serve(t)
	to := filepath.Join(t.TempDir(), "file")
	asset, err := resource.NewTextAsset("same")
	if err != nil {
		t.Fatal(err)
	}
	args := CopyToRemoteArgs{Connection: s.connection(), Source: types.AssetOrArchive{Asset: asset}, RemotePath: to}
	update := func(inputs CopyToRemoteArgs) {
		t.Helper()
		_, err := (&CopyToRemote{}).Update(context.Background(),
			infer.UpdateRequest[CopyToRemoteArgs, CopyToRemoteState]{Inputs: inputs, State: CopyToRemoteState{args}})
		if err != nil {
			t.Fatal(err)
		}
	}
	update(args)
	if _, err := os.Stat(to); err == nil {
		t.Error("unchanged content was copied again")
	}
	changed := args
	if changed.Source.Asset, err = resource.NewTextAsset("other"); err != nil {
		t.Fatal(err)
	}
	update(changed)
	if content, err := os.ReadFile(to); err != nil || string(content) != "other" {
		t.Errorf("the file holds %q, error %v", content, err)
	}
}
