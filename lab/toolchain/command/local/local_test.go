package local

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
)

func ptr[T any](value T) *T { return &value }

func create(t *testing.T, args CommandArgs) (CommandState, error) {
	t.Helper()
	res, err := (&Command{}).Create(context.Background(), infer.CreateRequest[CommandArgs]{Name: "c", Inputs: args})
	return res.Output, err
}

func TestCreateKeepsBothStreamsWithoutTheirLastLineEnd(t *testing.T) {
	state, err := create(t, CommandArgs{Create: ptr("echo out; echo more; echo err >&2")})
	if err != nil || state.Stdout != "out\nmore" || state.Stderr != "err" {
		t.Errorf("stdout %q, stderr %q, error %v", state.Stdout, state.Stderr, err)
	}
}

func TestCreatePassesStdinEnvironmentDirAndInterpreter(t *testing.T) {
	dir := t.TempDir()
	state, err := create(t, CommandArgs{
		Create: ptr(`echo "$0 $GREETING $(cat) $(pwd)"`),
		processArgs: processArgs{
			Interpreter: &[]string{"/bin/sh", "-e", "-c"},
			Environment: &map[string]string{"GREETING": "hello"},
			Stdin:       ptr("world"),
			Dir:         &dir,
		},
	})
	if err != nil || !strings.HasSuffix(state.Stdout, "hello world "+dir) {
		t.Errorf("stdout %q, error %v", state.Stdout, err)
	}
}

func TestFailingCommandFailsWithWhatItPrinted(t *testing.T) {
	_, err := create(t, CommandArgs{Create: ptr("echo before; echo the reason >&2; exit 3")})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("error is %v", err)
	}
}

func TestUnknownDirFails(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := create(t, CommandArgs{Create: ptr("true"), processArgs: processArgs{Dir: &missing}}); err == nil {
		t.Error("no error for a directory that does not exist")
	}
}

func TestPreviewRunsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ran")
	args := CommandArgs{Create: ptr("touch " + file)}
	_, err := (&Command{}).Create(context.Background(), infer.CreateRequest[CommandArgs]{Inputs: args, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&Command{}).Update(context.Background(), infer.UpdateRequest[CommandArgs, CommandState]{Inputs: args, DryRun: true})
	if _, missing := os.Stat(file); err != nil || missing == nil {
		t.Errorf("a preview ran the command (error %v)", err)
	}
}

func TestUpdateRunsUpdateElseCreateAndSeesThePreviousOutput(t *testing.T) {
	show := "echo $PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"
	previous := CommandState{processResult: processResult{Stdout: "old", Stderr: "olderr"}}
	for _, c := range []struct {
		name, want string
		args       CommandArgs
	}{
		{"update", "update old/olderr", CommandArgs{Create: ptr("false"), Update: ptr(`echo update $(` + show + `)`)}},
		{"create", "old/olderr", CommandArgs{Create: ptr(show)}},
		{"neither", "old", CommandArgs{}},
		{"not asked for", "/", CommandArgs{Create: ptr(show), processArgs: processArgs{AddPreviousOutputInEnv: ptr(false)}}},
	} {
		res, err := (&Command{}).Update(context.Background(),
			infer.UpdateRequest[CommandArgs, CommandState]{Inputs: c.args, State: previous})
		if err != nil || res.Output.Stdout != c.want {
			t.Errorf("%s: stdout %q, error %v; want %q", c.name, res.Output.Stdout, err, c.want)
		}
	}
}

func TestDeleteRunsDeleteWithThePreviousOutput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deleted")
	state := CommandState{
		CommandArgs:   CommandArgs{Delete: ptr(`echo "$PULUMI_COMMAND_STDOUT" > ` + file)},
		processResult: processResult{Stdout: "made"},
	}
	if _, err := (&Command{}).Delete(context.Background(), infer.DeleteRequest[CommandState]{State: state}); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "made\n" {
		t.Errorf("the delete command saw %q, error %v", content, err)
	}
	state.Delete = ptr("exit 1")
	if _, err := (&Command{}).Delete(context.Background(), infer.DeleteRequest[CommandState]{State: state}); err == nil {
		t.Error("a failing delete command does not fail the deletion")
	}
}

func TestCancelEndsTheCommandAndItsChildren(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	started, ended := filepath.Join(dir, "started"), filepath.Join(dir, "ended")
	script := "(trap 'touch " + ended + "; exit' TERM; touch " + started + "; while :; do sleep 0.05; done) & wait"
	failed := make(chan error, 1)
	go func() {
		_, err := run(ctx, script, processArgs{}, processResult{})
		failed <- err
	}()
	await(t, started)
	cancel()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("error is %v", err)
	}
	await(t, ended)
}

func await(t *testing.T, file string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
	}
	t.Fatalf("%s was not made", filepath.Base(file))
}

func TestLoggingRefusesOtherValues(t *testing.T) {
	_, err := create(t, CommandArgs{Create: ptr("true"), processArgs: processArgs{Logging: ptr(Logging("loud"))}})
	if err == nil || !strings.Contains(err.Error(), `"loud"`) {
		t.Errorf("error is %v", err)
	}
}

func TestAssetsAndArchiveHoldTheFilesThatTheCommandLeft(t *testing.T) {
	dir := t.TempDir()
	state, err := create(t, CommandArgs{Create: ptr("echo a > a.txt; echo b > b.log"), processArgs: processArgs{
		Dir: &dir, AssetPaths: &[]string{"*.txt"}, ArchivePaths: &[]string{"*"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(*state.Assets) != 1 || (*state.Assets)["a.txt"].Asset.Path != filepath.Join(dir, "a.txt") {
		t.Errorf("assets are %v", *state.Assets)
	}
	if len(state.Archive.Assets) != 2 {
		t.Errorf("the archive holds %v", state.Archive.Assets)
	}
}

func TestMatchAppliesRulesInOrder(t *testing.T) {
	files := fstest.MapFS{"assets/logo.svg": {}, "src/index.js": {}, "src/deep/secret.js": {}, "readme": {}}
	got, err := match(files, []string{"assets/**", "src/**.js", "!**secret.*"})
	if want := []string{"assets/logo.svg", "src/index.js"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("match gives %v, error %v; want %v", got, err, want)
	}
	if _, err := match(files, []string{"[a"}); err == nil {
		t.Error("no error for a broken glob")
	}
}

func TestRunFunctionReturnsItsOutput(t *testing.T) {
	res, err := (&Run{}).Invoke(context.Background(), infer.FunctionRequest[RunArgs]{Input: RunArgs{Command: "echo hi"}})
	if err != nil || res.Output.Stdout != "hi" || res.Output.Command != "echo hi" {
		t.Errorf("result %+v, error %v", res.Output, err)
	}
}
