// The same by the TypeScript client: node api-client.js HOST KEY FailIfExists|… FILE…
// Afterwards it lists what there is.
const { Client, PackageRepository } = require("@octopusdeploy/api-client");

const [instanceURL, apiKey, mode, ...files] = process.argv.slice(2);

async function main() {
  const client = await Client.create({ userAgentApp: "nugetlite-tests", instanceURL, apiKey });
  const packages = new PackageRepository(client, "Default");
  await packages.push(files, mode);
  for (const each of (await packages.list({ filter: "acme" })).Items) {
    const got = await packages.get(each.Id);
    console.log(`listed ${got.PackageId} ${got.Version} ${got.FileExtension}`);
  }
}

// It keeps its connection, and node would wait until the server closes that.
main().then(
  () => process.exit(0),
  (error) => {
    console.log(error.message);
    process.exit(1);
  },
);
