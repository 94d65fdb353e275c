// Says of each line of standard input, a JSON object with policies and the object that they judge, what each policy's expressions
// return and what they cost. Where a match condition is false, its policy is not evaluated further.
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
	Name      string                               `json:"name"`
	Policies  []policyv1.ValidatingAdmissionPolicy `json:"policies"`
	Object    map[string]any                       `json:"object"`
	Namespace corev1.Namespace                     `json:"namespace"`
	User      string                               `json:"user"`
	Groups    []string                             `json:"groups"`
}

type answer struct {
	Name    string              `json:"name"`
	Costs   map[string]int64    `json:"costs"`
	Results map[string][]string `json:"results"`
}

func judge(asked question) (answer, error) {
	said := answer{Name: asked.Name, Costs: map[string]int64{}, Results: map[string][]string{}}
	for _, policy := range asked.Policies {
		cost, results, err := evaluate(asked, policy)
		if err != nil {
			return answer{}, fmt.Errorf("%s: %w", policy.Name, err)
		}
		said.Costs[policy.Name], said.Results[policy.Name] = cost, results
	}
	return said, nil
}

func evaluate(asked question, policy policyv1.ValidatingAdmissionPolicy) (int64, []string, error) {
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	compiler, err := cel.NewCompositedCompiler(base)
	if err != nil {
		return 0, nil, err
	}
	options, kind := cel.OptionalVariableDeclarations{}, environment.StoredExpressions
	for _, each := range policy.Spec.Variables {
		variable := &validating.Variable{Name: each.Name, Expression: each.Expression}
		if compiled := compiler.CompileAndStoreVariable(variable, options, kind); compiled.Error != nil {
			return 0, nil, fmt.Errorf("variable %s: %s", each.Name, compiled.Error.Detail)
		}
	}
	var conditions, validations []cel.ExpressionAccessor
	for _, each := range policy.Spec.MatchConditions {
		conditions = append(conditions, &validating.ValidationCondition{Expression: each.Expression})
	}
	for _, each := range policy.Spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: each.Expression})
	}
	object := &unstructured.Unstructured{Object: asked.Object}
	group := object.GroupVersionKind()
	who := &user.DefaultInfo{Name: asked.User, Groups: asked.Groups}
	resource := schema.GroupVersionResource{Group: group.Group, Version: group.Version}
	attributes := admission.NewAttributesRecord(object, nil, group, asked.Namespace.Name, object.GetName(), resource, "",
		admission.Create, &metav1.CreateOptions{}, false, who)
	versioned, err := admission.NewVersionedAttributes(attributes, group, admission.NewObjectInterfacesFromScheme(nil))
	if err != nil {
		return 0, nil, err
	}
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(group))
	request.Operation = admissionv1.Create
	namespace := cel.CreateNamespaceObject(&asked.Namespace)
	cost, matches := int64(0), true
	var found []string
	for _, expressions := range [][]cel.ExpressionAccessor{conditions, validations} {
		if !matches {
			break
		}
		evaluator := compiler.CompileCondition(expressions, options, kind)
		context := compiler.CreateContext(context.Background())
		results, left, err := evaluator.ForInput(context, versioned, request, cel.OptionalVariableBindings{}, namespace, budget)
		if err != nil {
			return 0, nil, err
		}
		cost += budget - left
		for _, each := range results {
			text := "error"
			if each.Error != nil {
				text += ": " + each.Error.Error()
			} else {
				text = fmt.Sprint(each.EvalResult.Value())
			}
			found = append(found, text)
			matches = matches && text == "true"
		}
	}
	return cost, found, nil
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
