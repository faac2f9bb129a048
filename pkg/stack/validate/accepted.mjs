// The accepted findings of the validators, each with its reason. A finding without an entry fails, and so do an entry
// without a finding and one without a reason. rule is exact, resource a regular expression of the whole logical id.
// The reasons are here and not in the Metadata of resources, since SAM makes most of these resources itself.
export const accepted = [
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    resource: '\\w+FunctionRole',
    reason: 'SAM attaches it to every role that it makes; it writes logs and reads nothing. With a Role instead, SAM drops Policies.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess]',
    resource: '\\w+FunctionRole',
    reason: 'SAM attaches it for Tracing: Active. X-Ray has no resources that a narrower policy could name.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda]',
    resource: 'CodeDeployServiceRole',
    reason: 'SAM makes this role for DeploymentPreference, with the policy that CodeDeploy documents.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    resource: 'AccountRole',
    reason: 'The policy that API Gateway documents for the one log role of an account.',
  },
  {
    rule: 'AwsSolutions-APIG1',
    resource: 'ApiStage|HotStage',
    reason: 'AccessLogs switches access logs, on in prod: without a log role in the account they fail the deployment. HotRoute is for its price.',
  },
  {
    rule: 'AwsSolutions-APIG2',
    resource: 'Api',
    reason: 'A 400 of API Gateway precedes the check of the permission and cannot name the field at fault; functions read strictly.',
  },
  {
    rule: 'AwsSolutions-APIG6',
    resource: 'ApiStage',
    reason: 'Execution logs repeat paths and headers, which name users. Access logs and the logs of functions suffice.',
  },
  {
    rule: 'AwsSolutions-SMG4',
    resource: 'PublicKeysSecret',
    reason: 'The rotation of SigningKeysSecret writes it: the public halves of the same keys.',
  },
  {
    rule: 'AwsSolutions-SQS3',
    resource: 'DeadLetters',
    reason: 'It is the dead-letter queue of an event source mapping; the rule knows those of queues only.',
  },
  {
    rule: 'F1020',
    resource: 'Api|AuditStream|HotApi|HotRole|AuthorizeResourcePermission',
    reason: 'SAM reads !Ref Function.Alias. The translated template, with the alias as a resource, is validated too.',
  },
  {
    rule: 'F3031',
    resource: 'AuthorizeResourcePermission',
    reason: 'ResourceApiArn is empty by default, and the condition HasResourceApi takes the other branch then.',
  },
  {
    rule: 'F3033',
    resource: 'AuthorizeResourcePermission',
    reason: 'ResourceApiArn is empty by default, and the condition HasResourceApi takes the other branch then.',
  },
  {
    rule: 'I3042',
    resource: 'Api|\\w+Permission(Stage)?',
    reason: 'SAM writes the partition of the translation into the ARNs that it adds.',
  },
  {
    rule: 'I9001',
    resource: '.*',
    reason: 'It lists changes that replace a resource. Table, keys and secrets are retained.',
  },
  {
    rule: 'I9040',
    resource: '.*',
    reason: 'sam deploy --tags puts the tags of a stack on all its resources.',
  },
];
