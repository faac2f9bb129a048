package fakesm

import (
	"fmt"
	"slices"
)

// request has the members of all four operations.
type request struct {
	SecretID           string   `json:"SecretId"`
	VersionID          string   `json:"VersionId"`
	VersionStage       string   `json:"VersionStage"`
	VersionStages      []string `json:"VersionStages"`
	ClientRequestToken string   `json:"ClientRequestToken"`
	SecretString       *string  `json:"SecretString"`
	MoveToVersionID    string   `json:"MoveToVersionId"`
	RemoveFromVersion  string   `json:"RemoveFromVersionId"`
}

// response has the members of all four operations that callers read.
type response struct {
	ARN                string
	Name               string
	VersionID          string              `json:"VersionId,omitempty"`
	SecretString       *string             `json:",omitempty"`
	VersionStages      []string            `json:",omitempty"`
	RotationEnabled    bool                `json:",omitempty"`
	VersionIDsToStages map[string][]string `json:"VersionIdsToStages,omitempty"`
}

type refusal struct{ code, message string }

func notFound(format string, args ...any) *refusal {
	return &refusal{"ResourceNotFoundException", "Secrets Manager can't find " + fmt.Sprintf(format, args...)}
}

func (s *Server) handle(operation string, in request) (response, *refusal) {
	arn, x := s.find(in.SecretID)
	if x == nil {
		return response{}, notFound("the specified secret.")
	}
	out := response{ARN: arn, Name: x.name}
	switch operation {
	case "GetSecretValue":
		return x.get(out, in)
	case "PutSecretValue":
		return x.put(out, in)
	case "DescribeSecret":
		return x.describe(out), nil
	case "UpdateSecretVersionStage":
		return out, x.updateStage(in)
	default:
		return out, &refusal{"UnknownOperationException", operation}
	}
}

// find takes an ARN or a name.
func (s *Server) find(id string) (string, *secret) {
	for arn, x := range s.secrets {
		if arn == id || x.name == id {
			return arn, x
		}
	}
	return "", nil
}

// get returns the version with an id, a stage or both; AWSCURRENT by default.
func (x *secret) get(out response, in request) (response, *refusal) {
	stage := in.VersionStage
	if stage == "" && in.VersionID == "" {
		stage = Current
	}
	id := in.VersionID
	if id == "" {
		id = x.under(stage)
	}
	v := x.versions[id]
	if v == nil || v.value == nil {
		return out, notFound("the specified secret value for staging label: %s", stage)
	}
	if stage != "" && !slices.Contains(v.stages, stage) {
		return out, &refusal{
			"InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.",
		}
	}
	out.VersionID, out.SecretString, out.VersionStages = id, v.value, v.stages
	return out, nil
}

// put stores a version with the token as its id. The same token with the same value changes nothing; with another value
// it is refused. Without stages the version becomes AWSCURRENT, as the first one always does.
func (x *secret) put(out response, in request) (response, *refusal) {
	id := in.ClientRequestToken
	if len(id) < 32 || len(id) > 64 {
		return out, &refusal{"InvalidParameterException", "ClientRequestToken must have 32 to 64 characters."}
	}
	if in.SecretString == nil {
		return out, &refusal{"InvalidParameterException", "You must provide SecretString."}
	}
	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{Current}
	}
	v := x.versions[id]
	switch {
	case v != nil && v.value != nil && *v.value != *in.SecretString:
		return out, &refusal{"ResourceExistsException", "A version with this token and another value exists already."}
	case v == nil:
		v = &version{}
		if x.under(Current) == "" && !slices.Contains(stages, Current) {
			stages = append(slices.Clone(stages), Current)
		}
		x.versions[id] = v
		fallthrough
	case v.value == nil:
		v.value = in.SecretString
		for _, stage := range stages {
			x.move(stage, id)
		}
	}
	out.VersionID, out.VersionStages = id, v.stages
	return out, nil
}

// describe lists the versions that have a stage; the others are deprecated.
func (x *secret) describe(out response) response {
	out.RotationEnabled = x.rotates
	out.VersionIDsToStages = map[string][]string{}
	for id, v := range x.versions {
		if len(v.stages) > 0 {
			out.VersionIDsToStages[id] = v.stages
		}
	}
	return out
}

// updateStage moves a stage. The request must name its present version, and AWSCURRENT cannot be removed.
func (x *secret) updateStage(in request) *refusal {
	from := x.under(in.VersionStage)
	switch {
	case in.VersionStage == "":
		return &refusal{"InvalidParameterException", "You must provide VersionStage."}
	case in.MoveToVersionID != "" && x.versions[in.MoveToVersionID] == nil:
		return notFound("the specified secret version: %s", in.MoveToVersionID)
	case in.RemoveFromVersion != "" && in.RemoveFromVersion != from:
		return &refusal{"InvalidParameterException", "The staging label is not attached to RemoveFromVersionId."}
	case from != "" && from != in.MoveToVersionID && in.RemoveFromVersion == "":
		return &refusal{"InvalidParameterException", fmt.Sprintf(
			"The parameter RemoveFromVersionId can't be empty. Staging label %s is attached to version %s.", in.VersionStage, from)}
	case in.VersionStage == Current && in.MoveToVersionID == "":
		return &refusal{"InvalidParameterException", "You can't remove AWSCURRENT, only move it."}
	}
	x.move(in.VersionStage, in.MoveToVersionID)
	return nil
}
