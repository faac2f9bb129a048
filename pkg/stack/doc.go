// Package template owns the reading of template.yaml: the routes, functions, authorizer and gateway responses that
// AWS SAM would deploy, as a small model that the local gateway and the tests share. It must never guess: what
// it does not understand and somebody could rely on is an error that names the line. It evaluates
// CloudFormation's functions as far as routes need them; what only AWS knows, such as an ARN, becomes a
// placeholder like ${TokenTable.Arn}.
package stack
