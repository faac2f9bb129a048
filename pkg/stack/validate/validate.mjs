// Runs AWS's cloudformation-validate over the template and over what SAM makes of it, and cdk-nag over the latter.
// usage: node validate.mjs template.yaml translated.json
import { CelEngine, TemplateFile } from '@aws/cloudformation-validate';
import { App, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { AwsSolutionsChecks } from 'cdk-nag';
import { accepted } from './accepted.mjs';
import { compare } from './compare.mjs';

function cloudformationValidate(templateFile) {
  const engine = new CelEngine();
  const report = engine.validateStandard(new TemplateFile(templateFile));
  if (report.status !== 'OK' || report.metadata.resourcesScanned < 100) {
    throw new Error(`${templateFile}: ${report.status}, ${report.metadata.resourcesScanned} resources`);
  }
  return report.diagnostics.map((d) => ({ rule: d.ruleId, resource: d.entity?.logicalId ?? d.propertyPath ?? '', message: d.message }));
}

function cdkNag(templateFile) {
  const stack = new Stack(new App({ analyticsReporting: false }), 'stack');
  new CfnInclude(stack, 'template', { templateFile });
  return new AwsSolutionsChecks(stack).validateScope(stack).violations.flatMap((v) =>
    v.violatingResources.map((r) => ({ rule: v.ruleName, resource: r.constructPath.split('/').pop(), message: v.description })));
}

const [template, translated] = process.argv.slice(2);
const findings = [...cloudformationValidate(template), ...cloudformationValidate(translated), ...cdkNag(translated)];
const { open, idle, bare } = compare(findings, accepted);
for (const { rule, resource, message } of open) console.error(`${resource}: ${rule}: ${message.slice(0, 300)}`);
for (const { rule, resource } of idle) console.error(`accepted.mjs: ${rule} of ${resource} is found no more; remove it`);
for (const { rule, resource } of bare) console.error(`accepted.mjs: ${rule} of ${resource} has no reason`);
console.log(`template: ${findings.length} findings of cloudformation-validate and cdk-nag, ${open.length} not accepted`);
process.exitCode = open.length + idle.length + bare.length ? 1 : 0;
