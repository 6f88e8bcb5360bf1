package boot

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"afterglow/app/web"
)

// leftOut are numbers that need no place on the dashboard, with the reason.
var leftOut = map[string]string{}

var (
	metricName   = regexp.MustCompile(`\b(?:afterglow|go|process)_[a-z_]+\b`)
	describedAs  = regexp.MustCompile(`fqName: "([^"]+)"`)
	histogramEnd = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// registered lists what a running process tells Prometheus, also before it has
// happened for the first time.
func registered(t *testing.T, registries ...prometheus.Collector) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, r := range registries {
		descriptions := make(chan *prometheus.Desc)
		go func() { r.Describe(descriptions); close(descriptions) }()
		for d := range descriptions {
			names[describedAs.FindStringSubmatch(d.String())[1]] = true
		}
	}
	return names
}

// expressions calls see with every query of the dashboard.
func expressions(node any, see func(expr string)) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if text, ok := value.(string); ok && (key == "expr" || key == "query") {
				see(text)
			}
			expressions(value, see)
		}
	case []any:
		for _, value := range node {
			expressions(value, see)
		}
	}
}

// The dashboard and the alerts ask for numbers that exist, and every number of
// ours is on the dashboard: a name that changes in the code would otherwise be an
// empty panel on the day when it is needed.
func TestDashboardShowsWhatIsMeasured(t *testing.T) {
	there := registered(t, web.NewMetrics().Registry, prometheus.DefaultRegisterer.(*prometheus.Registry))
	if len(there) < 15 {
		t.Fatalf("only %d numbers are registered", len(there))
	}
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var dashboard any
	if err := json.Unmarshal(read("grafana.json"), &dashboard); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	named := func(where, text string) {
		for _, name := range metricName.FindAllString(text, -1) {
			if there[histogramEnd.ReplaceAllString(name, "")] {
				name = histogramEnd.ReplaceAllString(name, "")
			}
			if !there[name] {
				t.Errorf("%s asks for %s, which no process tells", where, name)
			}
			if where == "grafana.json" {
				shown[name] = true
			}
		}
	}
	expressions(dashboard, func(expr string) { named("grafana.json", expr) })
	for line := range strings.SplitSeq(string(read("alerts.yaml")), "\n") {
		named("alerts.yaml", strings.SplitN(line, "#", 2)[0])
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if strings.HasPrefix(name, "afterglow_") && !shown[name] && leftOut[name] == "" {
			t.Errorf("docs/deploy/grafana.json does not show %s: give it a panel, or leftOut a reason", name)
		}
	}
}

// Whoever copies .env.example has seen every variable, and none that is ignored.
func TestTheExampleNamesEveryVariable(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^#?([A-Z][A-Z_]+)=`).FindAllStringSubmatch(string(raw), -1) {
		documented = append(documented, m[1])
	}
	read := []string{"SHOPIFY_API_SECRET", "SHOPIFY_API_SECRET_PREVIOUS"}
	for _, v := range variables {
		read = append(read, v.name)
	}
	slices.Sort(documented)
	slices.Sort(read)
	if !slices.Equal(documented, read) {
		t.Errorf(".env.example has %v, the program reads %v", documented, read)
	}
}
