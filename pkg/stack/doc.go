// Package stack owns the reading of template.yaml: the resources, functions, routes and gateway responses that AWS
// SAM would deploy, as Go values for the local gateway, for tables that CloudFormation does not make, and for tests.
// It must never guess: a part that it does not understand is an error that names the line. It refuses the parameters
// that CloudFormation would refuse. A value that only AWS knows, such as an ARN, becomes a placeholder like
// ${TokenTable.Arn}.
package stack
