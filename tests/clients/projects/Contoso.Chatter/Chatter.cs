using Contoso.Greeting;

namespace Contoso.Chatter
{
    public static class Chatter
    {
        public static string Chat(string name) => Greeter.Greet(name) + ", and again";
    }
}
