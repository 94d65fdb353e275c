// Says of each line of standard input, a JSON object with an expression and devices, how Kubernetes' scheduler and API
// server judge it: one JSON object per line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/dynamic-resource-allocation/cel"
)

type question struct {
	Expression string               `json:"expression"`
	Driver     string               `json:"driver"`
	Devices    []resourceapi.Device `json:"devices"`
}

type answer struct {
	Expression string   `json:"expression"`
	Compile    string   `json:"compile,omitempty"`
	Cost       uint64   `json:"cost,omitempty"`
	Results    []string `json:"results,omitempty"`
}

func judge(asked question) answer {
	said := answer{Expression: asked.Expression}
	kind := environment.NewExpressions
	compiler := cel.GetCompiler(cel.Features{EnableConsumableCapacity: true})
	compiled := compiler.CompileCELExpression(asked.Expression, cel.Options{EnvType: &kind})
	if compiled.Error != nil {
		said.Compile = compiled.Error.Detail
		return said
	}
	said.Cost = compiled.MaxCost
	for _, device := range asked.Devices {
		input := cel.Device{
			Driver:                   asked.Driver,
			AllowMultipleAllocations: device.AllowMultipleAllocations,
			Attributes:               device.Attributes,
			Capacity:                 device.Capacity,
		}
		matches, _, err := compiled.DeviceMatches(context.Background(), input)
		if err != nil {
			said.Results = append(said.Results, "error: "+err.Error())
		} else {
			said.Results = append(said.Results, fmt.Sprint(matches))
		}
	}
	return said
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<24)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(judge(asked)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
