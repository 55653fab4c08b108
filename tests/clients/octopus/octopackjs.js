// Pushes files one after the other: node octopackjs.js HOST KEY fail|replace FILE…
const octo = require("@octopusdeploy/octopackjs");

const [host, apikey, mode, ...files] = process.argv.slice(2);

function push([file, ...rest]) {
  if (!file) return;
  octo.push(file, { host, apikey, replace: mode === "replace" }, (error, body) => {
    if (error) {
      console.log(`${error.statusCode} ${error.body && error.body.ErrorMessage}`);
      process.exit(1);
    }
    console.log(`pushed ${body.Title} ${body.Version}`);
    push(rest);
  });
}

push(files);
