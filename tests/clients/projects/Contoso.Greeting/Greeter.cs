using System.Reflection;

namespace Contoso.Greeting
{
    public static class Greeter
    {
        public static string Greet(string name)
        {
            var version = typeof(Greeter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
            return $"Hello, {name}, from Contoso.Greeting {version.InformationalVersion}";
        }
    }
}
