// The same by grunt: node grunt-octo.js HOST KEY fail|replace FILE…
const grunt = require("grunt");
const path = require("path");

const [host, apiKey, mode, ...files] = process.argv.slice(2);

grunt.file.defaultEncoding = "utf8";
grunt.initConfig({ "octo-push": { options: { host, apiKey, replace: mode === "replace" }, all: { src: files } } });
grunt.loadTasks(path.join(path.dirname(require.resolve("@octopusdeploy/grunt-octo/package.json")), "tasks"));
grunt.tasks(["octo-push"], { gruntfile: false });
