// Says of each line of standard input, a JSON object with a policy and what it judges, what its expressions return and what they cost.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	admissionv1 "k8s.io/api/admission/v1"
	policyv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

const budget = 10_000_000

type question struct {
	Name      string                             `json:"name"`
	Policy    policyv1.ValidatingAdmissionPolicy `json:"policy"`
	Object    map[string]any                     `json:"object"`
	Namespace corev1.Namespace                   `json:"namespace"`
	User      string                             `json:"user"`
	Groups    []string                           `json:"groups"`
}

type answer struct {
	Name    string   `json:"name"`
	Policy  string   `json:"policy"`
	Cost    int64    `json:"cost"`
	Results []string `json:"results"`
}

func judge(asked question) (answer, error) {
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	compiler, err := cel.NewCompositedCompiler(base)
	if err != nil {
		return answer{}, err
	}
	options, kind := cel.OptionalVariableDeclarations{}, environment.StoredExpressions
	for _, each := range asked.Policy.Spec.Variables {
		variable := &validating.Variable{Name: each.Name, Expression: each.Expression}
		if compiled := compiler.CompileAndStoreVariable(variable, options, kind); compiled.Error != nil {
			return answer{}, fmt.Errorf("variable %s: %s", each.Name, compiled.Error.Detail)
		}
	}
	var expressions []cel.ExpressionAccessor
	for _, each := range asked.Policy.Spec.MatchConditions {
		expressions = append(expressions, &validating.ValidationCondition{Expression: each.Expression})
	}
	for _, each := range asked.Policy.Spec.Validations {
		expressions = append(expressions, &validating.ValidationCondition{Expression: each.Expression})
	}
	object := &unstructured.Unstructured{Object: asked.Object}
	group := object.GroupVersionKind()
	who := &user.DefaultInfo{Name: asked.User, Groups: asked.Groups}
	resource := schema.GroupVersionResource{Group: group.Group, Version: group.Version}
	attributes := admission.NewAttributesRecord(object, nil, group, asked.Namespace.Name, object.GetName(), resource, "",
		admission.Create, &metav1.CreateOptions{}, false, who)
	versioned, err := admission.NewVersionedAttributes(attributes, group, admission.NewObjectInterfacesFromScheme(nil))
	if err != nil {
		return answer{}, err
	}
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(group))
	request.Operation = admissionv1.Create
	evaluator := compiler.CompileCondition(expressions, options, kind)
	context := compiler.CreateContext(context.Background())
	results, left, err := evaluator.ForInput(context, versioned, request, cel.OptionalVariableBindings{}, cel.CreateNamespaceObject(&asked.Namespace), budget)
	if err != nil {
		return answer{}, err
	}
	said := answer{Name: asked.Name, Policy: asked.Policy.Name, Cost: budget - left}
	for _, each := range results {
		if each.Error != nil {
			said.Results = append(said.Results, "error: "+each.Error.Error())
		} else {
			said.Results = append(said.Results, fmt.Sprint(each.EvalResult.Value()))
		}
	}
	return said, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<24)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		err := json.Unmarshal(lines.Bytes(), &asked)
		if err == nil {
			var said answer
			if said, err = judge(asked); err == nil {
				err = out.Encode(said)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
